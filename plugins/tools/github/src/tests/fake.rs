//! A GitHub of one repository that knows pull requests and comments.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use baton_guest::http::Request;
use baton_guest::testing::HttpAnswer;
use serde_json::{Value, json};

#[derive(Default)]
pub struct State {
    pub pulls: Vec<Value>,
    pub comments: Vec<Value>,
    /// Methods and paths with queries, in order.
    pub requests: Vec<String>,
    /// Answers to come before anything is looked at.
    pub next: Vec<HttpAnswer>,
    /// Whether the next request for something new comes after somebody else's.
    pub overtaken: bool,
}

#[derive(Clone, Default)]
pub struct Fake(pub Rc<RefCell<State>>);

impl Fake {
    pub fn answer(&self, request: &Request) -> HttpAnswer {
        let state = &mut *self.0.borrow_mut();
        let path = request.url.strip_prefix("https://api.github.com").expect("the right host");
        state.requests.push(format!("{} {path}", request.method));
        let header = |name: &str| {
            let found = request.headers.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        assert_eq!(header("authorization"), "Bearer stand-in");
        assert_eq!(header("accept"), "application/vnd.github+json");
        assert!(!header("user-agent").is_empty(), "GitHub refuses requests without it");
        if let Some(answer) = state.next.pop() {
            return answer;
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<&str, &str> =
            query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["repos", "ann", "shop", "pulls"]) => {
                HttpAnswer::json(200, &state.list_pulls(&query))
            }
            ("POST", ["repos", "ann", "shop", "pulls"]) => state.open_pull(&body),
            ("GET", ["repos", "ann", "shop", "issues", "7", "comments"]) => {
                let number = |name| query.get(name).and_then(|text: &&str| text.parse().ok());
                let (size, page) = (number("per_page").unwrap_or(30), number("page").unwrap_or(1));
                let page: Vec<&Value> =
                    state.comments.iter().skip((page - 1) * size).take(size).collect();
                HttpAnswer::json(200, &json!(page))
            }
            ("POST", ["repos", "ann", "shop", "issues", "7", "comments"]) => {
                let id = 900 + state.comments.len();
                let url = format!("https://github.com/ann/shop/issues/7#issuecomment-{id}");
                let comment = json!({ "id": id, "html_url": url, "body": body["body"] });
                state.comments.push(comment.clone());
                HttpAnswer::json(201, &comment)
            }
            _ => HttpAnswer::json(404, &json!({ "message": "Not Found" })),
        }
    }
}

impl State {
    fn list_pulls(&self, query: &BTreeMap<&str, &str>) -> Value {
        let head = query["head"].replace("%3A", ":").replace("%2F", "/");
        let wanted = |pull: &&Value| {
            (query["state"] == "all" || pull["state"] == query["state"])
                && pull["label"] == head.as_str()
                && pull["base"]["ref"] == query["base"]
        };
        // The newest first, as GitHub does.
        Value::Array(self.pulls.iter().rev().filter(wanted).cloned().collect())
    }

    fn open_pull(&mut self, body: &Value) -> HttpAnswer {
        if self.overtaken {
            self.overtaken = false;
            self.open_pull(body);
        }
        let head = body["head"].as_str().unwrap_or_default();
        let label = if head.contains(':') { head.to_owned() } else { format!("ann:{head}") };
        if head == "absent" {
            let errors =
                json!([{ "field": "head", "code": "invalid", "message": "head is invalid" }]);
            return HttpAnswer::json(
                422,
                &json!({ "message": "Validation Failed", "errors": errors }),
            );
        }
        if self.pulls.iter().any(|pull| pull["label"] == label.as_str() && pull["state"] == "open")
        {
            let errors = json!([{ "message": "A pull request already exists" }]);
            return HttpAnswer::json(
                422,
                &json!({ "message": "Validation Failed", "errors": errors }),
            );
        }
        let number = self.pulls.len() + 1;
        let pull = json!({
            "number": number,
            "id": 5_000 + number,
            "html_url": format!("https://github.com/ann/shop/pull/{number}"),
            "state": "open",
            "title": body["title"],
            "body": body["body"],
            "draft": body["draft"],
            "label": label,
            "head": { "ref": head, "sha": "abc" },
            "base": { "ref": body["base"] },
        });
        self.pulls.push(pull.clone());
        HttpAnswer::json(201, &pull)
    }
}
