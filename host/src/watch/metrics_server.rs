//! Serves one text over HTTP/1.1: the metrics.
//!
//! Whoever may read figures can't hold up the watch: connections are few, each has a few seconds, and no
//! client and no lack of descriptors ends the thread.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

/// Connections at a time; further ones are closed at once.
const CONNECTIONS: usize = 8;

/// Time that a client has for its request, and again for taking the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest head of a request, in bytes.
const HEAD_BYTES: usize = 8 << 10;

/// Pause where no connection can be accepted, as without descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the text of that type at that address, for as long as the process lives.
///
/// # Errors
/// When the address can't be listened on.
pub(super) fn serve(
    address: SocketAddr,
    kind: &'static str,
    text: Arc<Mutex<String>>,
) -> Result<()> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot serve metrics at {address}"))?;
    // Each connection holds one more.
    let places = Arc::new(());
    thread::spawn(move || {
        loop {
            match listener.accept() {
                Ok((client, _)) if Arc::strong_count(&places) <= CONNECTIONS => {
                    let (text, place) = (Arc::clone(&text), Arc::clone(&places));
                    let talk = move || {
                        // A client that has gone needs no answer.
                        let _ = answer(client, kind, &text);
                        drop(place);
                    };
                    // Without another thread, the client has to come again.
                    let _ = thread::Builder::new().spawn(talk);
                }
                Ok(_) => {}
                Err(_) => thread::sleep(PAUSE),
            }
        }
    });
    Ok(())
}

fn answer(mut client: TcpStream, kind: &str, text: &Mutex<String>) -> io::Result<()> {
    let head = read_head(&mut client)?;
    client.set_write_timeout(Some(PATIENCE))?;
    let (status, body) = if head.starts_with(b"GET ") {
        ("200 OK", text.lock().unwrap_or_else(PoisonError::into_inner).clone())
    } else {
        ("405 Method Not Allowed", String::new())
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    client.write_all((head + &body).as_bytes())
}

/// Reads a request to the end of its head.
fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let began = Instant::now();
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let time_left = PATIENCE.saturating_sub(began.elapsed());
        if time_left.is_zero() || head.len() > HEAD_BYTES {
            return Err(io::ErrorKind::TimedOut.into());
        }
        client.set_read_timeout(Some(time_left))?;
        match client.read(&mut bytes)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => head.extend_from_slice(&bytes[..n]),
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{SocketAddr, TcpListener, TcpStream},
        sync::{Arc, Mutex},
    };

    use super::{CONNECTIONS, serve};

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut client = TcpStream::connect(address).unwrap();
        let mut text = String::new();
        // A server that has no place closes at once.
        let _ = client.write_all(request.as_bytes());
        let _ = client.read_to_string(&mut text);
        text
    }

    #[test]
    fn idle_clients_take_no_more_than_their_places() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        serve(address, "text/plain", Arc::new(Mutex::new("figures\n".into()))).unwrap();
        let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        assert!(ask(address, get).starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(ask(address, get).ends_with("\r\n\r\nfigures\n"));
        assert!(ask(address, "POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
        let idle: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
        // Those beyond the places were closed, so that reading ends.
        let closed = idle.iter().rev().filter(|client| {
            client.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
            matches!((&**client).read(&mut [0]), Ok(0))
        });
        // Those that were answered may have their places for a moment more.
        let fewest = 50 - CONNECTIONS;
        assert!((fewest..=fewest + 3).contains(&closed.count()));
        drop(idle);
        while !ask(address, get).ends_with("figures\n") {}
    }
}
