//! Groups of backends, and which of them gets a request.

pub(super) mod ip_hash_behind_proxy;
pub(super) mod keepalive_never_used;
pub(super) mod socketio_without_affinity;
