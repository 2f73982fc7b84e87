//! Tests of hashing and checking passwords.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;

impl Passwords {
    /// Hashes one password at a time and at little cost, so that a run from a seed is repeated
    /// exactly and many rounds take seconds.
    pub(in crate::accounts) fn quick() -> Result<Self, OpenError> {
        const QUICK_MEMORY_KIB: u32 = 1_024;
        let hasher = Hasher::without_nobody(QUICK_MEMORY_KIB)?;
        let nobody = hasher.nobody()?;
        let hasher = Arc::new(Hasher { nobody, ..hasher });
        let quick = Self::with_bounds(1, HASHES_WAITING_MAX)?;
        Ok(Self { hasher, ..quick })
    }
}

fn check(password: &str, record: Option<&PasswordRecord>, expect_right: bool) -> Verdict {
    let verdict = Hasher::new().unwrap().verify(password, record);
    assert_eq!(verdict != Verdict::Wrong, expect_right, "{password}");
    verdict
}

#[test]
fn hashes_are_argon2id_with_the_chosen_parameters() {
    let hash = Hasher::new().unwrap().hash("correct horse").unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    let record = PasswordRecord::Argon2id(hash);
    assert_eq!(
        check("correct horse", Some(&record), true),
        Verdict::Right { rehashed: None }
    );
    check("correct horsf", Some(&record), false);
}

#[test]
fn plain_passwords_open_and_are_converted() {
    let looks_hashed = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned();
    let record = PasswordRecord::Plain(vec!["x".into(), String::new(), looks_hashed.clone()]);
    for password in ["x", "", &looks_hashed] {
        let Verdict::Right {
            rehashed: Some(hash),
        } = check(password, Some(&record), true)
        else {
            panic!("not converted: {password}")
        };
        check(password, Some(&PasswordRecord::Argon2id(hash)), true);
    }
    check("X", Some(&record), false);
    check("x", Some(&PasswordRecord::Plain(Vec::new())), false);
}

#[test]
fn any_of_several_opens() {
    let hash = Hasher::new().unwrap().hash("one").unwrap();
    let plain = PasswordRecord::Plain(vec!["two".into(), "three".into()]);
    let record = PasswordRecord::AnyOf(vec![PasswordRecord::Argon2id(hash), plain]);
    assert_eq!(
        check("one", Some(&record), true),
        Verdict::Right { rehashed: None }
    );
    for plain in ["two", "three"] {
        let verdict = check(plain, Some(&record), true);
        assert!(matches!(verdict, Verdict::Right { rehashed: Some(_) }));
    }
    check("four", Some(&record), false);
    check("", Some(&PasswordRecord::AnyOf(Vec::new())), false);
}

#[test]
fn an_account_without_a_password_never_opens() {
    check("", None, false);
    check("", Some(&PasswordRecord::Missing), false);
    check("", Some(&PasswordRecord::Argon2id(String::new())), false);
    check("x", Some(&PasswordRecord::Argon2id("x".into())), false);
}

#[test]
fn a_hash_that_asks_for_too_many_passes_is_not_computed() {
    let made = Hasher::new().unwrap().hash("correct horse").unwrap();
    let costly = made.replace("t=2,", "t=4294967295,");
    assert_ne!(costly, made);
    let start = std::time::Instant::now();
    check(
        "correct horse",
        Some(&PasswordRecord::Argon2id(costly)),
        false,
    );
    assert!(start.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn nobody_costs_as_much_as_a_wrong_password() {
    let hasher = Hasher::new().unwrap();
    let hashed = PasswordRecord::Argon2id(hasher.hash("correct horse").unwrap());
    let plain = PasswordRecord::Plain(vec!["correct horse".into()]);
    let records = [
        Some(&hashed),
        Some(&plain),
        Some(&PasswordRecord::Missing),
        None,
    ];
    for record in records {
        let recorder = PrometheusBuilder::new().build_recorder();
        let verdict = metrics::with_local_recorder(&recorder, || hasher.verify("wrong", record));
        assert_eq!(verdict, Verdict::Wrong);
        let metrics = recorder.handle().render();
        let one_hash = metrics.contains("chat_password_hashes_total 1\n");
        assert!(one_hash, "{record:?}: {metrics}");
    }
    let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
    let own = hasher.hash("x").unwrap();
    assert_eq!(parameters(&hasher.nobody), parameters(&own));
}

#[test]
fn hashes_share_one_block_of_memory_and_leave_nothing_in_it() {
    let hasher = Hasher::new().unwrap();
    let hashes: Vec<_> = (0..4).map(|n| hasher.hash(&format!("p{n}"))).collect();
    for (n, hash) in hashes.into_iter().enumerate() {
        let record = PasswordRecord::Argon2id(hash.unwrap());
        let right = Verdict::Right { rehashed: None };
        assert_eq!(hasher.verify(&format!("p{n}"), Some(&record)), right);
        assert_eq!(hasher.verify("p9", Some(&record)), Verdict::Wrong);
    }
    assert_eq!(hasher.memory.lock().len(), 1);
}

#[test]
fn hashes_of_the_library_alone_are_verified() {
    use argon2::password_hash::PasswordHasher;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
    let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = library.hash_password(b"correct horse").unwrap();
    check(
        "correct horse",
        Some(&PasswordRecord::Argon2id(hash.to_string())),
        true,
    );
    let smaller = Params::new(1_024, 1, 1, None).unwrap();
    let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, smaller);
    let hash = library.hash_password(b"correct horse").unwrap();
    let record = PasswordRecord::Argon2id(hash.to_string());
    check("correct horse", Some(&record), true);
    check("correct horsf", Some(&record), false);
}

#[tokio::test]
async fn too_many_are_shed_and_places_come_back() {
    let passwords = Passwords::with_bounds(1, 1).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let working = passwords.run(move |_| held.recv().is_ok());
    let waiting = passwords.hash("second".into());
    let shed = async { passwords.hash("third".into()).await };
    let last = async {
        tokio::task::yield_now().await;
        let shed = shed.await;
        release.send(()).unwrap();
        shed
    };
    let (first, second, third) = tokio::join!(biased; working, waiting, last);
    assert_eq!((first, second.is_ok(), third), (Ok(true), true, Err(Busy)));
    assert!(passwords.hash("fourth".into()).await.is_ok());
}

#[tokio::test]
async fn a_job_whose_caller_left_keeps_its_place() {
    let passwords = Passwords::with_bounds(1, 0).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    {
        let left = passwords.run(move |_| held.recv().is_ok());
        tokio::select! {
            biased;
            _ = left => panic!("it waits for us"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(passwords.hash("shed".into()).await, Err(Busy));
    release.send(()).unwrap();
    while passwords.places.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(passwords.hash("served".into()).await.is_ok());
}
