//! nginx's behaviour as measured on nginx 1.22.1, on the simulation's event loop.

mod bench;
mod keepalive;
mod locations;
mod requests;
