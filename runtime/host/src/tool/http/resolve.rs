//! From names to addresses.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use baton_core::scope::{Reach, is_private};

use super::error::HttpError;
use super::target::Host;

/// Addresses of one name that are tried; further ones are not.
const ADDRESSES_MAX: usize = 16;

/// A look-up at work.
pub(super) type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// What knows the addresses of names.
pub(super) trait Resolver: Send + Sync {
    /// All addresses of a name.
    fn look_up(&self, name: &str) -> Lookup;
}

/// The resolver of the operating system.
pub(super) struct System;

impl Resolver for System {
    fn look_up(&self, name: &str) -> Lookup {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses that a request may go to. They are looked up once, and the connection goes to one of
/// them: a name that answers differently the next time changes nothing. One address out of reach
/// refuses all: which of them is meant is for the name's owner to say, and that is who may be lying.
pub(super) async fn addresses(
    host: &Host,
    reach: Reach,
    resolver: &dyn Resolver,
) -> Result<Vec<IpAddr>, HttpError> {
    let mut addresses = match host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => resolver.look_up(name).await.map_err(|_| HttpError::Name)?,
    };
    if addresses.is_empty() {
        return Err(HttpError::Name);
    }
    if reach != Reach::Anywhere && addresses.iter().any(|address| is_private(*address)) {
        return Err(HttpError::PrivateAddress);
    }
    addresses.truncate(ADDRESSES_MAX);
    Ok(addresses)
}
