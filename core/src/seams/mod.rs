//! What the login service needs from outside itself: the general seams of [`seams`], and the parts that a replica is
//! wired from: short-lived state, directory, mail, analytics.

mod directory;
mod effects;
mod store;

pub use ::seams::*;
pub use directory::{
    Client, ClientSecret, CodeRedemption, Directory, LeaderEpoch, Redeemed, Reminder, ReminderClaim, Session,
    SessionOpening, SigningKeyRecord, TokenRecord, User,
};
pub use effects::{Analytics, LoginEvent, Mail, Mailer, Subject};
pub use store::{AuthStateStore, Key, Namespace};
