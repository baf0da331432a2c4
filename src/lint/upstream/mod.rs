//! Groups of backends, and which of them gets a request.
