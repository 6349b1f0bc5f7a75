//! Transcripts as JSON lines and as Markdown.

use super::{RUN, entries};
use crate::transcript::{jsonl, markdown};

#[tokio::test]
async fn json_lines_have_the_promised_shape() {
    let run = RUN.parse().unwrap();
    let lines: String =
        entries(Some("1")).await.iter().map(|entry| jsonl::entry(&run, entry).unwrap()).collect();
    assert!(lines.lines().all(|line| line.starts_with(&format!(r#"{{"task":"{RUN}/1","at":""#))));
    assert!(!lines.contains("secret"), "a signature is the provider's");
    let short = lines.replace(&format!(r#"{{"task":"{RUN}/1","at":"2023-11-14T22:13:20"#), "");
    insta::assert_snapshot!(short, @r#"
    .002Z","attempt":0,"type":"task","kind":"agent","label":"audit","phase":null,"backend":"anthropic:small","prompt":"Audit a.md","input":null}
    .004Z","attempt":1,"type":"attempt"}
    .005Z","attempt":1,"type":"call","call":1,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .006Z","attempt":1,"type":"system","call":1,"rung":0,"text":"You audit.","tools":[{"name":"read_file","description":"reads","input":{"type":"object"}},{"name":"submit","description":"reads","input":{"type":"object"}}],"guidance":[{"kind":"instructions","name":"CLAUDE.md","bytes":40,"of":40}],"effort":"low"}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"user","text":"Audit a.md\nand \u001b[31mnothing else"}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"thinking","text":"Let me see."}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"assistant","text":"I read it."}
    .006Z","attempt":1,"type":"tool-call","call":1,"rung":0,"id":"t1","name":"read_file","input":{"path":"a.md"}}
    .006Z","attempt":1,"type":"usage","call":1,"rung":0,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":1200,"output_tokens":80,"cached_tokens":0,"cost_usd":0.0015,"estimated_calls":0,"fuel":0,"wall_ms":0},"estimated":false,"ms":1500,"stop":"tool-calls","request_id":"req_1","error":null,"partial":null}
    .007Z","attempt":1,"type":"tool-task","child":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1/1","tool":"git/log","input":{"n":1}}
    .008Z","attempt":1,"type":"tool-task-ended","child":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1/1","tool":"git/log","output":{"findings":0},"error":null,"usage":{"agents":0,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .009Z","attempt":1,"type":"call","call":2,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .010Z","attempt":1,"type":"tool-result","call":2,"rung":0,"id":"t1","name":"read_file","content":"line 1\tx\nline 2\tx\nline 3\tx\nline 4\tx\nline 5\tx\nline 6\tx\nline 7\tx\nline 8\tx\nline 9\tx\nline 10\tx\nline 11\tx\nline 12\tx\nline 13\tx\nline 14\tx\nline 15\tx\nline 16\tx\nline 17\tx\nline 18\tx\nline 19\tx\nline 20\tx","failed":false}
    .010Z","attempt":1,"type":"usage","call":2,"rung":0,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":0,"cached_tokens":0,"cost_usd":0.002,"estimated_calls":1,"fuel":0,"wall_ms":0},"estimated":true,"ms":1500,"stop":null,"request_id":"req_1","error":{"code":"overloaded","message":"too much to do"},"partial":"It is"}
    .011Z","attempt":1,"type":"attempt-failed","error":{"code":"ladder-check","message":"it broke"},"usage":{"agents":0,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .012Z","attempt":2,"type":"call","call":3,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .013Z","attempt":2,"type":"message","call":3,"rung":1,"role":"assistant","text":"Fine: ```x```"}
    .013Z","attempt":2,"type":"usage","call":3,"rung":1,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":1300,"output_tokens":20,"cached_tokens":0,"cost_usd":0.009,"estimated_calls":0,"fuel":0,"wall_ms":0},"estimated":false,"ms":1500,"stop":"end","request_id":"req_1","error":null,"partial":null}
    .014Z","attempt":2,"type":"call","call":4,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .015Z","attempt":2,"type":"usage","call":4,"rung":0,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":1,"fuel":0,"wall_ms":0},"estimated":true,"ms":null,"stop":null,"request_id":null,"error":{"code":"lost","message":"nobody heard what was said"},"partial":null}
    .016Z","attempt":2,"type":"deferred","provider":"anthropic","outage":"quota","until":null,"error":{"code":"quota","message":"it broke"}}
    .018Z","attempt":2,"type":"passed","rung":1,"rungs":2,"backend":"anthropic:large","saved_usd":0.001}
    .019Z","attempt":2,"type":"ended","summary":"audited","output":{"findings":0},"evidence":[],"artifacts":[],"follow_ups":[],"error":null,"usage":{"agents":0,"input_tokens":6500,"output_tokens":4196,"cached_tokens":0,"cost_usd":0.0725,"estimated_calls":0,"fuel":0,"wall_ms":0},"reused_from":null}
    "#);
}

#[tokio::test]
async fn markdown_keeps_texts_apart_from_itself() {
    let entries = entries(Some("1")).await;
    let text: String = entries.iter().map(markdown::entry).collect();
    insta::assert_snapshot!(text.trim(), @r#"
    - kind: agent
    - label: audit
    - backend: anthropic:small

    Task:

    ```text
    Audit a.md
    ```

    ## Attempt 1, 2023-11-14T22:13:20.004Z

    ### Call 1: anthropic:small · 1.2k in · 80 out · $0.0015 · 1.5s

    **System**

    ```text
    You audit.
    ```

    Tools: `read_file`, `submit`

    Given: `CLAUDE.md` (40 of 40 bytes)

    **User**

    ```text
    Audit a.md
    and [31mnothing else
    ```

    **Thinking**

    ```text
    Let me see.
    ```

    **Assistant**

    ```text
    I read it.
    ```

    **Calls read\_file**

    ```json
    {"path":"a.md"}
    ```

    Runs `git/log` as task /1/1:

    ```json
    {"n":1}
    ```

    Task /1/1 returned:

    ```json
    {"findings":0}
    ```

    ### Call 2: anthropic:small · ~2.0k in · ~0 out · ~$0.0020 · estimated · 1.5s

    **Result of read\_file**

    ```text
    line 1	x
    line 2	x
    line 3	x
    line 4	x
    line 5	x
    line 6	x
    line 7	x
    line 8	x
    line 9	x
    line 10	x
    line 11	x
    line 12	x
    line 13	x
    line 14	x
    line 15	x
    line 16	x
    line 17	x
    line 18	x
    line 19	x
    line 20	x
    ```

    **Failed**: too much to do (overloaded)

    **Heard until then**

    ```text
    It is
    ```

    **Attempt 1 failed**: it broke (ladder-check)

    ### Call 3: anthropic:large · 1.3k in · 20 out · $0.0090 · 1.5s

    **Assistant**

    ````text
    Fine: ```x```
    ````

    ### Call 4: anthropic:large · ~2.0k in · ~4.0k out · ~$0.06 · estimated

    Nobody heard what was said.

    **Waits** for anthropic: quota: it broke (quota)

    **Step 2 of 2 passed**: anthropic:large, saved $0.0010

    ## Result

    Consumed: 6.5k in · 4.1k out · $0.07

    Summary:

    ```text
    audited
    ```

    Output:

    ```json
    {"findings":0}
    ```
    "#);
}
