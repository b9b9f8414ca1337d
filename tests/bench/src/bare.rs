//! The floor: hyper in, hyper out, nothing read, nothing decided. What any proxy built on the
//! same library must at least cost. TCP_NODELAY on both legs, one thread, kept connections.

use http::{Request, Uri, uri};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// Passes everything to `port` on the loopback, until the process ends.
pub async fn serve(port: u16, announce: fn(u16)) -> std::io::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let upstream: uri::Authority =
        format!("127.0.0.1:{port}").parse().expect("a port makes an authority");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    announce(listener.local_addr()?.port());
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (client, upstream) = (client.clone(), upstream.clone());
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                let mut parts = std::mem::take(request.uri_mut()).into_parts();
                parts.scheme = Some(uri::Scheme::HTTP);
                parts.authority = Some(upstream.clone());
                *request.uri_mut() = Uri::from_parts(parts).expect("all three parts are there");
                client.request(request)
            });
            // A connection that breaks is the load generator's to notice.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
