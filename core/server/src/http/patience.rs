//! A connection whose other side must take what it is sent: one that takes hardly anything for a while is over. Else answers
//! that nobody reads would wait for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes a second that must be taken.
const SLOWEST: u64 = 1024;

/// The connection.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    /// How long it is waited.
    pause: Duration,
    waits: Option<Wait>,
}

/// Something is waiting to be taken.
#[derive(Debug)]
struct Wait {
    end: Pin<Box<Sleep>>,
    /// Bytes taken in this while.
    taken: u64,
}

impl<S> Patient<S> {
    /// Waits so long for the other side.
    pub fn new(stream: S, pause: Duration) -> Self {
        Self { stream, pause, waits: None }
    }

    fn judged(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Poll::Ready(Ok(bytes)), Some(wait)) = (&wrote, &mut self.waits) {
            wait.taken = wait.taken.saturating_add(u64::try_from(*bytes).unwrap_or(u64::MAX));
        }
        if wrote.is_ready() {
            return wrote;
        }
        let pause = self.pause;
        let wait = self.waits.get_or_insert_with(|| Wait { end: Box::pin(sleep(pause)), taken: 0 });
        while wait.end.as_mut().poll(context).is_ready() {
            if wait.taken < pause.as_secs().saturating_mul(SLOWEST) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            wait.taken = 0;
            wait.end.as_mut().reset(Instant::now() + pause);
        }
        wrote
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judged(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.judged(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when everything was taken.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waits = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn whoever_takes_nothing_is_given_up_and_whoever_takes_enough_is_not() {
        let second = Duration::from_secs(1);
        let (ours, _theirs) = duplex(1_000);
        let given_up = Patient::new(ours, second).write_all(&[0; 10_000]).await.unwrap_err();
        assert_eq!(given_up.kind(), io::ErrorKind::TimedOut);
        let (ours, mut theirs) = duplex(1_000);
        let reader = async {
            let mut pauses = tokio::time::interval(Duration::from_millis(250));
            let mut taken = [0; 500];
            for _ in 0..8 {
                pauses.tick().await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
        };
        let mut patient = Patient::new(ours, second);
        let (wrote, ()) = tokio::join!(patient.write_all(&[0; 4_500]), reader);
        wrote.unwrap();
    }
}
