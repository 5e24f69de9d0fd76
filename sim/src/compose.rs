//! Macros for a service that consists of several modules. Each module has its own operations, behaviours, observations
//! and faults; these macros make one enum of each kind from a list of modules.
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! mod seats {
//!     # use serde::{Deserialize, Serialize};
//!     #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
//!     #[serde(tag = "op", rename_all = "kebab-case")]
//!     pub enum Op { Buy { seat: u32 } }
//!     impl sim::service::Op for Op {
//!         const KINDS: &'static [&'static str] = &["buy"];
//!         fn describe(&self) -> String { "buys a seat".into() }
//!     }
//! }
//! mod refunds {
//!     # use serde::{Deserialize, Serialize};
//!     #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
//!     #[serde(tag = "op", rename_all = "kebab-case")]
//!     pub enum Op { Return { seat: u32 } }
//!     impl sim::service::Op for Op {
//!         const KINDS: &'static [&'static str] = &["return"];
//!         fn describe(&self) -> String { "returns a seat".into() }
//!     }
//! }
//! sim::compose_ops! {
//!     /// What somebody tries.
//!     pub enum Op { Seats(seats::Op), Refunds(refunds::Op) }
//! }
//! let op: Op = seats::Op::Buy { seat: 7 }.into();
//! assert_eq!(serde_json::to_string(&op).unwrap(), r#"{"op":"buy","seat":7}"#);
//! assert_eq!(serde_json::from_str::<Op>(r#"{"op":"return","seat":7}"#).unwrap(), refunds::Op::Return { seat: 7 }.into());
//! ```

/// Concatenates lists of names; for the macros of this module.
#[doc(hidden)]
pub const fn concat<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let mut all = [""; N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut place = 0;
        while place < lists[list].len() {
            all[at] = lists[list][place];
            at += 1;
            place += 1;
        }
        list += 1;
    }
    all
}

/// The enum itself, its conversions, and its serde form: a value is written as the module's own value, and recognised
/// by its tag.
#[doc(hidden)]
#[macro_export]
macro_rules! compose_enum {
    ($tag:literal, $kinds:path, $(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident($inner:ty)),+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, ::serde::Serialize)]
        #[serde(untagged)]
        $vis enum $name {
            $($(#[$vmeta])* #[allow(missing_docs, reason = "the list of rooms says enough")] $variant($inner)),+
        }

        $(impl From<$inner> for $name {
            fn from(value: $inner) -> $name {
                $name::$variant(value)
            }
        })+

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                use ::serde::de::Error;
                let value = ::serde_json::Value::deserialize(deserializer)?;
                let Some(kind) = value[$tag].as_str() else {
                    return Err(D::Error::missing_field($tag));
                };
                $(if <$inner as $kinds>::KINDS.contains(&kind) {
                    return ::serde_json::from_value(value).map($name::$variant).map_err(D::Error::custom);
                })+
                let known: Vec<String> = <$name as $kinds>::KINDS.iter().map(|kind| format!("`{kind}`")).collect();
                Err(D::Error::custom(format!("unknown variant `{kind}`, expected one of {}", known.join(", "))))
            }
        }
    };
}

/// Makes one enum of the operations of several modules: see [the module](crate::compose). The first module has the
/// compound operations.
#[macro_export]
macro_rules! compose_ops {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident($inner:ty)),+ $(,)? }) => {
        $crate::compose_enum! { "op", $crate::service::Op, $(#[$meta])* $vis enum $name { $($(#[$vmeta])* $variant($inner)),+ } }

        impl $crate::service::Op for $name {
            const KINDS: &'static [&'static str] = {
                const LISTS: &[&[&str]] = &[$(<$inner as $crate::service::Op>::KINDS),+];
                const COUNT: usize = 0 $(+ <$inner as $crate::service::Op>::KINDS.len())+;
                &$crate::compose::concat::<COUNT>(LISTS)
            };
            const COMPOUND: &'static str = {
                const COMPOUND: &[&str] = &[$(<$inner as $crate::service::Op>::COMPOUND),+];
                COMPOUND[0]
            };
            fn kind(&self) -> String {
                match self { $($name::$variant(op) => $crate::service::Op::kind(op)),+ }
            }
            fn is_timed(&self) -> bool {
                match self { $($name::$variant(op) => $crate::service::Op::is_timed(op)),+ }
            }
            fn describe(&self) -> String {
                match self { $($name::$variant(op) => $crate::service::Op::describe(op)),+ }
            }
            fn is_compound(&self) -> bool {
                match self { $($name::$variant(op) => $crate::service::Op::is_compound(op)),+ }
            }
            fn describe_end(&self, seen: &$crate::history::Seen) -> String {
                match self { $($name::$variant(op) => $crate::service::Op::describe_end(op, seen)),+ }
            }
            fn describe_whole(&self) -> String {
                match self { $($name::$variant(op) => $crate::service::Op::describe_whole(op)),+ }
            }
            fn detail(&self) -> Option<String> {
                match self { $($name::$variant(op) => $crate::service::Op::detail(op)),+ }
            }
            fn routine(&self, seen: &$crate::history::Seen, by_attacker: bool) -> Option<&'static str> {
                match self { $($name::$variant(op) => $crate::service::Op::routine(op, seen, by_attacker)),+ }
            }
        }
    };
}

/// Makes one enum of the behaviours of several modules: see [the module](crate::compose).
#[macro_export]
macro_rules! compose_behaviours {
    ($service:ty, $(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident($inner:ty)),+ $(,)? }) => {
        $crate::compose_enum! {
            "does", $crate::service::Behaviour<$service>, $(#[$meta])* $vis enum $name { $($(#[$vmeta])* $variant($inner)),+ }
        }

        impl $crate::service::Behaviour<$service> for $name {
            const KINDS: &'static [&'static str] = {
                const LISTS: &[&[&str]] = &[$(<$inner as $crate::service::Behaviour<$service>>::KINDS),+];
                const COUNT: usize = 0 $(+ <$inner as $crate::service::Behaviour<$service>>::KINDS.len())+;
                &$crate::compose::concat::<COUNT>(LISTS)
            };
            fn kind(&self) -> String {
                match self { $($name::$variant(does) => $crate::service::Behaviour::<$service>::kind(does)),+ }
            }
            fn others(&self) -> Vec<&str> {
                match self { $($name::$variant(does) => $crate::service::Behaviour::<$service>::others(does)),+ }
            }
            fn is_attack(&self) -> bool {
                match self { $($name::$variant(does) => $crate::service::Behaviour::<$service>::is_attack(does)),+ }
            }
            fn check(&self, world: &$crate::world::World<$service>) -> Result<(), String> {
                match self { $($name::$variant(does) => $crate::service::Behaviour::<$service>::check(does, world)),+ }
            }
            fn plainer(&self) -> Vec<$name> {
                match self { $($name::$variant(does) => $crate::service::Behaviour::<$service>::plainer(does)),+ }
            }
        }
    };
}

/// Makes one enum of the observations of several modules: see [the module](crate::compose).
#[macro_export]
macro_rules! compose_observations {
    ($service:ty, $(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident($inner:ty)),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(untagged)]
        $vis enum $name {
            $($(#[$vmeta])* #[allow(missing_docs, reason = "the list of rooms says enough")] $variant($inner)),+
        }

        $(impl From<$inner> for $name {
            fn from(value: $inner) -> $name {
                $name::$variant(value)
            }
        })+

        impl $crate::service::Observation<$service> for $name {
            const NAMES: &'static [&'static str] = {
                const LISTS: &[&[&str]] = &[$(<$inner as $crate::service::Observation<$service>>::NAMES),+];
                const COUNT: usize = 0 $(+ <$inner as $crate::service::Observation<$service>>::NAMES.len())+;
                &$crate::compose::concat::<COUNT>(LISTS)
            };
            fn name(&self) -> &'static str {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::name(seen)),+ }
            }
            fn describe(&self) -> String {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::describe(seen)),+ }
            }
            fn outcome(&self) -> ($crate::service::Tone, &'static str) {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::outcome(seen)),+ }
            }
            fn filter(&self) -> Option<&'static str> {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::filter(seen)),+ }
            }
            fn is_alike(&self) -> bool {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::is_alike(seen)),+ }
            }
            fn routine(&self) -> Option<&'static str> {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::routine(seen)),+ }
            }
            fn is_part_of(&self, op: &<$service as $crate::service::Service>::Op) -> bool {
                match self { $($name::$variant(seen) => $crate::service::Observation::<$service>::is_part_of(seen, op)),+ }
            }
        }
    };
}

/// Makes one enum of the faults of several modules: see [the module](crate::compose).
#[macro_export]
macro_rules! compose_faults {
    ($service:ty, $(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident($inner:ty)),+ $(,)? }) => {
        $crate::compose_enum! {
            "fault", $crate::service::ServiceFault<$service>, $(#[$meta])* $vis enum $name { $($(#[$vmeta])* $variant($inner)),+ }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self { $($name::$variant(fault) => ::std::fmt::Display::fmt(fault, f)),+ }
            }
        }

        impl $crate::service::ServiceFault<$service> for $name {
            const KINDS: &'static [&'static str] = {
                const LISTS: &[&[&str]] = &[$(<$inner as $crate::service::ServiceFault<$service>>::KINDS),+];
                const COUNT: usize = 0 $(+ <$inner as $crate::service::ServiceFault<$service>>::KINDS.len())+;
                &$crate::compose::concat::<COUNT>(LISTS)
            };
            fn hosts(&self) -> Vec<&str> {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::hosts(fault)),+ }
            }
            fn repairs(&self) -> bool {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::repairs(fault)),+ }
            }
            fn is_ended_by(&self, end: &$name) -> bool {
                match (self, end) {
                    $(($name::$variant(fault), $name::$variant(end)) => {
                        $crate::service::ServiceFault::<$service>::is_ended_by(fault, end)
                    })+
                    #[allow(unreachable_patterns, reason = "there may be one room only")]
                    _ => false,
                }
            }
            fn lasts_ms(&self) -> Option<u64> {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::lasts_ms(fault)),+ }
            }
            fn check(&self, world: &$crate::world::World<$service>) -> Result<(), String> {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::check(fault, world)),+ }
            }
            fn shape(&self) -> String {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::shape(fault)),+ }
            }
            fn inject(&self, control: &$crate::nemesis::Control<'_, $service>) {
                match self { $($name::$variant(fault) => $crate::service::ServiceFault::<$service>::inject(fault, control)),+ }
            }
            fn heal(control: &$crate::nemesis::Control<'_, $service>) {
                $(<$inner as $crate::service::ServiceFault<$service>>::heal(control);)+
            }
        }
    };
}
