//! Local servers as the command line and the window see them.

use super::{Model, Server, Watch};
use crate::api::{LocalModel, LocalServer};

/// A server.
pub fn server(server: &Server) -> LocalServer {
    LocalServer {
        server: server.provider.clone(),
        url: server.base_url.clone(),
        state: server.state.as_str().to_owned(),
        models: server.reading.models.iter().map(model).collect(),
        kind: server.kind.map(|kind| kind.as_str().to_owned()),
        version: server.reading.version.clone(),
        reason: server.reason.clone(),
        written: server.written,
    }
}

fn model(model: &Model) -> LocalModel {
    LocalModel {
        name: model.name.clone(),
        loaded: model.loaded == Some(true),
        context: model.context,
        cloud: model.cloud,
        context_max: model.context_max,
        size_bytes: model.size_bytes,
        capabilities: model.capabilities.clone(),
    }
}

impl Watch {
    /// The servers as they are shown, as last seen.
    pub fn shown(&self) -> Vec<LocalServer> {
        self.servers().iter().map(server).collect()
    }
}
