//! What works until there is load, a reload or a failure.

pub(super) mod excessive_timeout;
pub(super) mod few_worker_connections;
pub(super) mod intercepted_handshake_errors;
pub(super) mod large_proxy_buffer;
pub(super) mod localhost_is_two_addresses;
pub(super) mod missing_forwarded_proto;
pub(super) mod no_worker_shutdown_timeout;
pub(super) mod stream_idle_timeout;
pub(super) mod websocket_behind_auth_basic;
pub(super) mod websocket_under_limit;
