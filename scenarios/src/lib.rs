//! What is claimed of the login service: the properties that judge what people and the outside world
//! could see.

pub mod property;
pub mod workload;
