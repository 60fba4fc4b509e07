use std::sync::{Arc, Mutex};

use rolecall_rbac::{ResourceRequest, Text};

use super::*;
use crate::{Ending, Progress};

/// A server that answers with a function and records calls.
struct Scripted<F> {
    answer: F,
    calls: Mutex<Vec<Call>>,
}

type Outcome = Result<Vec<u8>, PostError<&'static str>>;

impl<F: Fn(&Call) -> Outcome + Sync> Transport for &Scripted<F> {
    type Error = &'static str;

    async fn post(&self, call: Call) -> Outcome {
        let answer = (self.answer)(&call);
        self.calls.lock().unwrap().push(call);
        answer
    }
}

fn scripted<F: Fn(&Call) -> Outcome + Sync>(answer: F) -> Scripted<F> {
    Scripted { answer, calls: Mutex::default() }
}

impl<F> Scripted<F> {
    /// Returns the kinds of review that were requested, and the impersonated identities.
    fn asked(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .map(|call| {
                let path = call.path.strip_prefix(REVIEWS).unwrap().trim_start_matches('/');
                match &call.impersonate {
                    None => path.to_owned(),
                    Some(as_whom) if as_whom.groups.is_empty() => {
                        format!("{path} as {}", as_whom.user)
                    }
                    Some(as_whom) => {
                        format!("{path} as {} of {}", as_whom.user, as_whom.groups.join(","))
                    }
                }
            })
            .collect()
    }
}

fn caller(identity: &Identity) -> Caller {
    Caller { identity: Some(identity.clone()), is_impersonated: false, means: Means::Impersonation }
}

const YES: &[u8] = br#"{"kind":"SubjectAccessReview","status":{"allowed":true,"reason":"R"}}"#;

fn question(identity: &Identity, namespace: &str) -> Question {
    let (namespace, resource): (Text, Text) = (namespace.into(), "pods".into());
    let target = ResourceRequest { namespace, resource, ..ResourceRequest::default() };
    Question { identity: Arc::new(identity.clone()), request: Request::resource("get", target) }
}

#[tokio::test]
async fn a_caller_asks_about_itself_and_about_others() {
    let server = scripted(|_| Ok(YES.to_vec()));
    let (jane, web) = (Identity::user("jane"), Identity::service_account("shop", "web"));
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    for identity in [&jane, &web] {
        let answer = reviewer.review(&question(identity, "shop")).await.unwrap();
        assert_eq!(answer, Answer::new(VerdictKind::Allowed, "R"));
    }
    assert_eq!(server.asked(), ["selfsubjectaccessreviews", "subjectaccessreviews"]);
}

#[tokio::test]
async fn a_refused_route_is_not_tried_again() {
    let server = scripted(|call: &Call| match &call.impersonate {
        Some(_) => Ok(YES.to_vec()),
        None if call.path.contains("/shop/") => Ok(YES.to_vec()),
        None => Err(PostError::Refused("forbidden".to_owned())),
    });
    let reviewer = LiveReviewer::new(&server, caller(&Identity::user("jane")));
    let devs = Identity::user("bob").with_group("devs");
    let web = Identity::service_account("shop", "web");
    for (identity, namespace) in
        [(&devs, "shop"), (&devs, "shop"), (&web, "bank"), (&web, "bank"), (&web, "")]
    {
        assert!(reviewer.review(&question(identity, namespace)).await.unwrap().is_allowed());
    }
    let own = "selfsubjectaccessreviews as system:serviceaccount:shop:web";
    assert_eq!(
        server.asked(),
        [
            "subjectaccessreviews",
            "namespaces/shop/localsubjectaccessreviews",
            "namespaces/shop/localsubjectaccessreviews",
            "namespaces/bank/localsubjectaccessreviews",
            own,
            own,
            own,
        ]
    );
    assert_eq!(reviewer.refusals(), ["forbidden"]);
}

#[tokio::test]
async fn impersonation_is_opt_in() {
    let server = scripted(|call: &Call| match call.impersonate {
        Some(_) => Ok(YES.to_vec()),
        None => Err(PostError::Refused("forbidden".to_owned())),
    });
    let reviewer = LiveReviewer::new(&server, Caller::default());
    let web = Identity::service_account("shop", "web");
    let answer = reviewer.review(&question(&web, "shop")).await.unwrap();
    assert_eq!(answer, Answer::new(VerdictKind::Unknown, "forbidden"));
    assert_eq!(
        server.asked(),
        ["subjectaccessreviews", "namespaces/shop/localsubjectaccessreviews"]
    );
}

#[tokio::test]
async fn a_caller_without_any_route_gets_unknown() {
    let server = scripted(|call: &Call| {
        let way = if call.impersonate.is_some() { "impersonate" } else { "create" };
        Err(PostError::Refused(format!("cannot {way}")))
    });
    let reviewer =
        LiveReviewer::new(&server, Caller { means: Means::Impersonation, ..Caller::default() });
    let devs = Identity::user("bob").with_group("devs");
    let answer = reviewer.review(&question(&devs, "")).await.unwrap();
    assert_eq!(answer, Answer::new(VerdictKind::Unknown, "cannot create; cannot impersonate"));
    // Impersonation requires a user name, and cannot be nested.
    let answer = reviewer.review(&question(&Identity::group("devs"), "")).await.unwrap();
    assert_eq!(answer, Answer::new(VerdictKind::Unknown, "cannot create"));
    assert_eq!(server.asked(), ["subjectaccessreviews", "selfsubjectaccessreviews as bob of devs"]);
}

#[tokio::test]
async fn a_failed_review_is_unknown_and_a_lost_server_is_an_error() {
    let server = scripted(|_| Err(PostError::Failed("no leader".to_owned())));
    let jane = Identity::user("jane");
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    let answer = reviewer.review(&question(&jane, "")).await.unwrap();
    assert_eq!(answer, Answer::new(VerdictKind::Unknown, "no leader"));

    let server = scripted(|_| Err(PostError::Fatal("gone")));
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    assert_eq!(reviewer.review(&question(&jane, "")).await, Err("gone"));

    let server = scripted(|_| Ok(b"<html>".to_vec()));
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    let answer = reviewer.review(&question(&jane, "")).await.unwrap();
    assert_eq!(answer, Answer::new(VerdictKind::Unknown, "the server's answer is not a review"));
}

fn rules_review(incomplete: bool, error: &str) -> Vec<u8> {
    serde_json::json!({"kind": "SelfSubjectRulesReview", "status": {
        "incomplete": incomplete,
        "evaluationError": error,
        "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        "nonResourceRules": null,
    }})
    .to_string()
    .into_bytes()
}

/// Returns all answers from rules.
async fn by_rules<T: Transport>(
    reviewer: &LiveReviewer<T>,
    questions: &[Question],
) -> Vec<Option<Answer>>
where
    T::Error: PartialEq + std::fmt::Debug,
{
    let progress = Progress::default();
    let asked = reviewer
        .answer_by_rules(questions, Evidence::Verdict, 1, &progress, std::future::pending())
        .await;
    assert_eq!(asked.ending, Ending::Complete);
    assert_eq!(progress.answered(), asked.answers.iter().flatten().count());
    asked.answers
}

#[tokio::test]
async fn one_rules_review_answers_many_questions_about_oneself() {
    let server = scripted(|_| Ok(rules_review(false, "")));
    let (jane, bob) = (Identity::user("jane"), Identity::user("bob"));
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    let get = |identity: &Identity, namespace| question(identity, namespace);
    let with_verb = |verb: &str, namespace| {
        let mut question = question(&jane, namespace);
        question.request.verb = verb.into();
        question
    };
    let questions = [
        get(&jane, "shop"),
        with_verb("list", "shop"),
        with_verb("watch", "shop"),
        with_verb("delete", "shop"),
        get(&bob, "shop"),
        // Another namespace, with too few questions for a rules review.
        get(&jane, "bank"),
        // At the cluster scope the rule might be a RoleBinding's, but no other rule applies.
        get(&jane, ""),
        with_verb("list", ""),
    ];
    let verdicts: Vec<Option<VerdictKind>> = by_rules(&reviewer, &questions)
        .await
        .into_iter()
        .map(|answer| answer.map(|answer| answer.verdict))
        .collect();
    let (yes, no) = (Some(VerdictKind::Allowed), Some(VerdictKind::NoOpinion));
    assert_eq!(verdicts, [yes, no, no, no, None, None, None, no]);
    assert_eq!(server.asked(), ["selfsubjectrulesreviews"]);
}

#[tokio::test]
async fn rules_of_others_are_requested_if_only_impersonation_works() {
    let with_verb = |verb: &str, namespace| {
        let mut question = question(&Identity::service_account("shop", "web"), namespace);
        question.request.verb = verb.into();
        question
    };
    let questions: Vec<Question> = ["shop", ""]
        .into_iter()
        .flat_map(|namespace| {
            ["get", "list", "watch", "delete"].map(|verb| with_verb(verb, namespace))
        })
        .collect();
    let as_web = |path| format!("{path} as system:serviceaccount:shop:web");
    let own = as_web("selfsubjectaccessreviews");
    let (yes, no) = (Some(VerdictKind::Allowed), Some(VerdictKind::NoOpinion));
    let refused = || Err(PostError::Refused("forbidden".to_owned()));
    for (may_review, verdicts, asked) in [
        // The first question is reviewed directly, and the others are left unanswered.
        (true, [yes, None, None, None, None, None, None, None], vec!["subjectaccessreviews"]),
        (
            false,
            [yes, no, no, no, yes, no, no, no],
            vec![
                "subjectaccessreviews",
                "namespaces/shop/localsubjectaccessreviews",
                &own,
                &as_web("selfsubjectrulesreviews"),
                &own,
                &as_web("selfsubjectrulesreviews"),
            ],
        ),
    ] {
        let server = scripted(|call: &Call| match &call.impersonate {
            None if !may_review => refused(),
            _ if call.path.ends_with("rulesreviews") => Ok(rules_review(false, "")),
            _ => Ok(YES.to_vec()),
        });
        let reviewer = LiveReviewer::new(&server, caller(&Identity::user("jane")));
        let answers = by_rules(&reviewer, &questions).await;
        let actual: Vec<_> = answers.iter().map(|a| a.as_ref().map(|a| a.verdict)).collect();
        assert_eq!(actual, verdicts, "may review: {may_review}");
        assert_eq!(server.asked(), asked, "may review: {may_review}");
    }
}

/// Simulates a server for a ServiceAccount that can read Pods in one namespace, and that returns
/// these rules for it in that namespace or everywhere. Returns the number of answers from rules,
/// the number of wrong answers, and the calls.
async fn batches(
    resources: usize,
    rules: &'static str,
    here: &str,
    may: bool,
) -> (usize, usize, Vec<String>) {
    let web = Identity::service_account("shop", "web");
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    let mut questions = Vec::new();
    for (namespace, resource) in ["shop", "bank", ""]
        .into_iter()
        .flat_map(|namespace| (0..resources).map(move |number| (namespace, number)))
    {
        for verb in verbs {
            let mut question = question(&web, namespace);
            question.request.verb = verb.into();
            if let rolecall_rbac::Target::Resource(target) = &mut question.request.target
                && resource > 0
            {
                target.resource = format!("r{resource}").into();
            }
            questions.push(question);
        }
    }
    let is_allowed = |verb: &str, resource: &str, namespace: &str| {
        verbs[..3].contains(&verb) && resource == "pods" && namespace == "shop"
    };
    let server = scripted(|call: &Call| {
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        if call.path.ends_with("selfsubjectrulesreviews") {
            let rules =
                if here.is_empty() || body["spec"]["namespace"] == here { rules } else { "" };
            let status =
                format!(r#""incomplete":false,"resourceRules":[{rules}],"nonResourceRules":[]"#);
            let body = format!(r#"{{"kind":"SelfSubjectRulesReview","status":{{{status}}}}}"#);
            return Ok(body.into_bytes());
        }
        let attributes = &body["spec"]["resourceAttributes"];
        let text = |name: &str| attributes[name].as_str().unwrap_or_default().to_owned();
        let allowed = match &*text("verb") {
            "impersonate" => may,
            verb => is_allowed(verb, &text("resource"), &text("namespace")),
        };
        let kind = r#""kind":"SubjectAccessReview""#;
        Ok(format!(r#"{{{kind},"status":{{"allowed":{allowed}}}}}"#).into_bytes())
    });
    let reviewer = LiveReviewer::new(&server, caller(&Identity::user("jane")));
    let answers = by_rules(&reviewer, &questions).await;
    let given = questions.iter().zip(&answers).filter_map(|(q, a)| Some((&q.request, a.as_ref()?)));
    let wrong = given.clone().filter(|(request, answer)| {
        let rolecall_rbac::Target::Resource(target) = &request.target else { return true };
        is_allowed(&request.verb, &target.resource, request.namespace()) != answer.is_allowed()
    });
    (given.clone().count(), wrong.count(), server.asked())
}

#[tokio::test]
async fn rules_of_others_answer_many_questions_and_are_verified() {
    let count =
        |asked: &[String], what: &str| asked.iter().filter(|one| one.starts_with(what)).count();
    let own = r#"{"verbs":["get","list","watch"],"apiGroups":[""],"resources":["pods"]}"#;
    let (answered, wrong, asked) = batches(40, own, "shop", true).await;
    assert_eq!((answered, wrong), (3 * 40 * 8, 0));
    assert_eq!(count(&asked, "selfsubjectaccessreviews"), 3, "{asked:?}");
    assert_eq!(count(&asked, "selfsubjectrulesreviews as system:serviceaccount:shop:web"), 3);
    // One for each batch, and an allowed and a denied one for each verb.
    assert_eq!(count(&asked, "subjectaccessreviews"), 3 + 2 + 8);

    // If a proxy drops impersonation, the rules belong to another identity, and all questions are
    // reviewed.
    let everything = r#"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#;
    for resources in [3, 4, 5, 8, 16, 40, 60, 64] {
        for (rules, here) in [(everything, ""), (everything, "shop"), (own, "")] {
            let (answered, wrong, _) = batches(resources, rules, here, true).await;
            assert_eq!(wrong, 0, "{resources} {rules} {here}");
            assert!(answered <= 3 + 2 * 8, "{resources} {rules} {here}: {answered}");
        }
    }
    // Without the permission, impersonation is not attempted.
    let (answered, wrong, asked) = batches(40, own, "shop", false).await;
    assert_eq!((answered, wrong), (1, 0));
    assert_eq!(count(&asked, "selfsubjectrulesreviews"), 0);
}

#[tokio::test]
async fn rules_reviews_can_be_stopped_and_fail_with_the_server() {
    let (jane, progress) = (Identity::user("jane"), Progress::default());
    let questions = vec![question(&jane, "shop"); 4];
    struct Silent;
    impl Transport for Silent {
        type Error = &'static str;
        async fn post(&self, _call: Call) -> Outcome {
            std::future::pending().await
        }
    }
    let reviewer = LiveReviewer::new(Silent, caller(&jane));
    let asked = reviewer
        .answer_by_rules(&questions, Evidence::Verdict, 1, &progress, std::future::ready(()))
        .await;
    assert_eq!((asked.ending, asked.answers), (Ending::Stopped, vec![None; 4]));

    let server = scripted(|_| Err(PostError::Fatal("gone")));
    let reviewer = LiveReviewer::new(&server, caller(&jane));
    let asked = reviewer
        .answer_by_rules(&questions, Evidence::Verdict, 1, &progress, std::future::pending())
        .await;
    assert_eq!(asked.ending, Ending::Failed("gone"));
}

#[tokio::test]
async fn possibly_incomplete_rules_do_not_deny() {
    let masters = Identity::user("jane").with_group("system:masters");
    let jane = || Some(Identity::user("jane"));
    for (body, me, partial) in [
        (rules_review(true, ""), jane(), Some("")),
        (rules_review(false, "cannot list"), jane(), Some("cannot list")),
        (b"{}".to_vec(), jane(), None),
        (rules_review(false, ""), Some(masters), None),
        (rules_review(false, ""), None, None),
    ] {
        let server = scripted(move |_| Ok(body.clone()));
        let reviewer = LiveReviewer::new(&server, Caller { identity: me, ..Caller::default() });
        let because = match reviewer.rules(&"shop".into()).await {
            Ok(RulesAnswer::Partial(_, because)) => Some(because),
            Ok(RulesAnswer::Useless) => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(because.as_deref(), partial);
    }
}
