//! Hosts: kills, pauses, clocks, order, panics, escapes.

use super::*;
