//! One answer in the words of every provider, streamed and whole: a thought, a text, two calls of
//! the same tool, one of them without arguments.

use super::{data, named};
use crate::hub::Form;

pub(super) const FROM: [Form; 5] = Form::ALL;

/// The answer as a stream.
pub(super) fn stream(from: Form) -> String {
    match from {
        Form::Messages => named(&MESSAGES),
        Form::Chat => data(&CHAT),
        Form::Responses => named(&RESPONSES),
        Form::Gemini => data(&GEMINI),
        Form::Ollama => OLLAMA.iter().map(|line| format!("{line}\n")).collect(),
    }
}

/// The answer as a document.
pub(super) fn document(from: Form) -> &'static str {
    match from {
        Form::Messages => MESSAGES_WHOLE,
        Form::Chat => CHAT_WHOLE,
        Form::Responses => RESPONSES_WHOLE,
        Form::Gemini => GEMINI_WHOLE,
        Form::Ollama => OLLAMA_WHOLE,
    }
}

const MESSAGES: [&str; 16] = [
    r#"{"type":"message_start","message":{"id":"msg_01X","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":40,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"think"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eu+/AQ=="}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello \ud83d\ude00"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"look","input":{}}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"at\": 1.0, "}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"z\":\"ä\"}"}}"#,
    r#"{"type":"content_block_stop","index":2}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":40,"output_tokens":30,"output_tokens_details":{"thinking_tokens":12}}}"#,
    r#"{"type":"message_stop"}"#,
];
const MESSAGES_WHOLE: &str = r#"{"id":"msg_01X","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"thinking","thinking":"Let me think","signature":"Eu+/AQ=="},{"type":"text","text":"Hello 😀"},{"type":"tool_use","id":"toolu_1","name":"look","input":{"at": 1.0, "z":"ä"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":40,"output_tokens":30,"output_tokens_details":{"thinking_tokens":12}}}"#;

const CHAT: [&str; 9] = [
    r#"{"id":"chatcmpl-9","object":"chat.completion.chunk","created":1795334400,"model":"gpt-5","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"reasoning_content":"Let me think"}}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"content":"Hello \ud83d\ude00"}}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":""}}]}}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"look","arguments":""}}]}}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"at\": 1.0, \"z\":\"ä\"}"}}]}}]}"#,
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    r#"{"id":"chatcmpl-9","choices":[],"usage":{"prompt_tokens":140,"completion_tokens":30,"total_tokens":170,"prompt_tokens_details":{"cached_tokens":40},"completion_tokens_details":{"reasoning_tokens":12}}}"#,
    "[DONE]",
];
const CHAT_WHOLE: &str = r#"{"id":"chatcmpl-9","object":"chat.completion","created":1795334400,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"Hello 😀","reasoning_content":"Let me think","tool_calls":[{"id":"call_1","type":"function","function":{"name":"look","arguments":"{\"at\": 1.0, \"z\":\"ä\"}"}},{"id":"call_2","type":"function","function":{"name":"look","arguments":""}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":140,"completion_tokens":30,"total_tokens":170,"prompt_tokens_details":{"cached_tokens":40},"completion_tokens_details":{"reasoning_tokens":12}}}"#;

const RESPONSES: [&str; 16] = [
    r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_5","object":"response","created_at":1795334400,"status":"in_progress","model":"gpt-6","output":[],"usage":null}}"#,
    r#"{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}"#,
    r#"{"type":"response.reasoning_summary_part.added","sequence_number":2,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
    r#"{"type":"response.reasoning_summary_text.delta","sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Let me think"}"#,
    r#"{"type":"response.output_item.done","sequence_number":4,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Let me think"}],"encrypted_content":"gAAAA-b_c="}}"#,
    r#"{"type":"response.output_item.added","sequence_number":5,"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
    r#"{"type":"response.content_part.added","sequence_number":6,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"#,
    r#"{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hello \ud83d\ude00","logprobs":[]}"#,
    r#"{"type":"response.output_text.done","sequence_number":8,"item_id":"msg_1","output_index":1,"content_index":0,"text":"Hello \ud83d\ude00"}"#,
    r#"{"type":"response.output_item.done","sequence_number":9,"output_index":1,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello \ud83d\ude00","annotations":[]}]}}"#,
    r#"{"type":"response.output_item.added","sequence_number":10,"output_index":2,"item":{"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"call_1","name":"look"}}"#,
    r#"{"type":"response.function_call_arguments.delta","sequence_number":11,"item_id":"fc_1","output_index":2,"delta":"{\"at\": 1.0, "}"#,
    r#"{"type":"response.function_call_arguments.delta","sequence_number":12,"item_id":"fc_1","output_index":2,"delta":"\"z\":\"ä\"}"}"#,
    r#"{"type":"response.function_call_arguments.done","sequence_number":13,"item_id":"fc_1","output_index":2,"arguments":"{\"at\": 1.0, \"z\":\"ä\"}"}"#,
    r#"{"type":"response.output_item.done","sequence_number":14,"output_index":2,"item":{"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"at\": 1.0, \"z\":\"ä\"}","call_id":"call_1","name":"look"}}"#,
    r#"{"type":"response.completed","sequence_number":15,"response":{"id":"resp_5","object":"response","created_at":1795334400,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-6","output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Let me think"}],"encrypted_content":"gAAAA-b_c="},{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello \ud83d\ude00","annotations":[]}]},{"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"at\": 1.0, \"z\":\"ä\"}","call_id":"call_1","name":"look"}],"usage":{"input_tokens":140,"input_tokens_details":{"cached_tokens":40},"output_tokens":30,"output_tokens_details":{"reasoning_tokens":12},"total_tokens":170}}}"#,
];
const RESPONSES_WHOLE: &str = r#"{"id":"resp_5","object":"response","created_at":1795334400,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-6","output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Let me think"}],"encrypted_content":"gAAAA-b_c="},{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello 😀","annotations":[]}]},{"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"at\": 1.0, \"z\":\"ä\"}","call_id":"call_1","name":"look"}],"usage":{"input_tokens":140,"input_tokens_details":{"cached_tokens":40},"output_tokens":30,"output_tokens_details":{"reasoning_tokens":12},"total_tokens":170}}"#;

const GEMINI: [&str; 4] = [
    r#"{"candidates":[{"content":{"parts":[{"text":"Let me think","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":140,"cachedContentTokenCount":40,"totalTokenCount":152,"thoughtsTokenCount":12},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"Hello \ud83d\ude00"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":140,"cachedContentTokenCount":40,"candidatesTokenCount":3,"totalTokenCount":155,"thoughtsTokenCount":12},"responseId":"r1"}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"look","args":{"at": 1.0, "z":"ä"}},"thoughtSignature":"CiQB+/=="}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":140,"cachedContentTokenCount":40,"candidatesTokenCount":18,"totalTokenCount":170,"thoughtsTokenCount":12},"responseId":"r1"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":140,"cachedContentTokenCount":40,"candidatesTokenCount":18,"totalTokenCount":170,"thoughtsTokenCount":12},"responseId":"r1"}"#,
];
const GEMINI_WHOLE: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Let me think","thought":true},{"text":"Hello 😀"},{"functionCall":{"name":"look","args":{"at": 1.0, "z":"ä"}},"thoughtSignature":"CiQB+/=="}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":140,"cachedContentTokenCount":40,"candidatesTokenCount":18,"totalTokenCount":170,"thoughtsTokenCount":12},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#;

const OLLAMA: [&str; 4] = [
    r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:00Z","message":{"role":"assistant","content":"","thinking":"Let me think"},"done":false}"#,
    r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:01Z","message":{"role":"assistant","content":"Hello 😀"},"done":false}"#,
    r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:02Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":{"at": 1.0, "z":"ä"}}}]},"done":false}"#,
    r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:03Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":140,"eval_count":30}"#,
];
const OLLAMA_WHOLE: &str = r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:03Z","message":{"role":"assistant","content":"Hello 😀","thinking":"Let me think","tool_calls":[{"function":{"name":"look","arguments":{"at": 1.0, "z":"ä"}}}]},"done":true,"done_reason":"stop","prompt_eval_count":140,"eval_count":30}"#;
