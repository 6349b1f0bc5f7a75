use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_core::model::Api;

use super::*;

fn gate(requests: Option<u32>, tokens: Option<u64>, concurrency: Option<u32>) -> Gate {
    Gate::new(&ProviderDefinition {
        api: Api::Anthropic,
        base_url: "http://localhost/".into(),
        key: None,
        requests_per_minute: requests,
        tokens_per_minute: tokens,
        concurrency,
        recorded: None,
    })
}

/// When each of `tokens` began, in seconds from now, if all ask at once.
async fn begun(gate: &Gate, tokens: &[u64]) -> Vec<u64> {
    let start = Instant::now();
    let asks = tokens.iter().map(|tokens| async move {
        gate.acquire("run", *tokens).await.settle(*tokens);
        start.elapsed().as_secs()
    });
    futures::future::join_all(asks).await
}

#[tokio::test(start_paused = true)]
async fn so_many_requests_a_minute() {
    assert_eq!(begun(&gate(Some(2), None, None), &[1; 5]).await, [0, 0, 60, 60, 120]);
    assert_eq!(begun(&gate(Some(0), None, None), &[1; 3]).await, [0, 60, 120]);
    assert_eq!(begun(&gate(None, None, None), &[u64::MAX; 3]).await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn so_many_tokens_a_minute() {
    assert_eq!(begun(&gate(None, Some(100), None), &[60, 40, 1, 99]).await, [0, 0, 60, 60]);
    let too_large = begun(&gate(None, Some(100), None), &[500, 1, 500]).await;
    assert_eq!(too_large, [0, 60, 120], "one that never fits goes alone");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_used_is_room_for_others() {
    let gate = gate(None, Some(100), None);
    let first = gate.acquire("run", 100).await;
    let start = Instant::now();
    let next = async {
        let ticket = gate.acquire("run", 90).await;
        (ticket, start.elapsed().as_secs())
    };
    let settle = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        first.settle(10);
    };
    let ((_ticket, seconds), ()) = tokio::join!(next, settle);
    assert_eq!(seconds, 5);
}

#[tokio::test(start_paused = true)]
async fn so_many_at_once() {
    let gate = gate(None, None, Some(3));
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = (0..20).map(|number| {
        let (gate, now, most) = (&gate, &now, &most);
        async move {
            let ticket = gate.acquire(&format!("run {}", number % 4), 1).await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            drop(ticket);
        }
    });
    futures::future::join_all(work).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn runs_take_turns() {
    let gate = gate(None, None, Some(1));
    let held = gate.acquire("first", 1).await;
    let order = Mutex::new(Vec::new());
    let asks = [("big", 3), ("small", 1), ("other", 2)].into_iter().flat_map(|(run, count)| {
        let (gate, order) = (&gate, &order);
        (0..count).map(move |_| async move {
            let ticket = gate.acquire(run, 1).await;
            order.lock().unwrap().push(run);
            drop(ticket);
        })
    });
    let release = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(held);
    };
    tokio::join!(futures::future::join_all(asks), release);
    let order = order.into_inner().unwrap();
    assert_eq!(order, ["big", "small", "other", "big", "other", "big"]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_holds_nobody_up() {
    let gate = gate(None, None, Some(1));
    let held = gate.acquire("run", 1).await;
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_secs(1), gate.acquire("run", 1)).await;
        assert!(given_up.is_err());
    }
    let next = gate.acquire("run", 1);
    drop(held);
    drop(tokio::time::timeout(Duration::from_secs(1), next).await.unwrap());
    let state = gate.state();
    assert_eq!((state.at_work, state.waiting.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_waits_for_its_minute_then() {
    let gate = gate(Some(1), None, Some(1));
    let start = Instant::now();
    let held = gate.acquire("run", 1).await;
    let next = async {
        drop(gate.acquire("run", 1).await);
        start.elapsed().as_secs()
    };
    let release = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(held);
    };
    assert_eq!(tokio::join!(next, release).0, 60);
}
