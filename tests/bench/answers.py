"""What the bench's provider answers, as bytes that are made once: whole answers and the chunks of
streams, in OpenAI's dialect and in Anthropic's."""

import json

TEXT = "The trade winds blow from east to west near the equator. " * 8
# Content events of a stream; each dialect adds a few around them.
CONTENT_EVENTS = 200


def whole(body):
    """A complete HTTP answer that keeps its connection."""
    data = json.dumps(body).encode()
    return (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            % len(data)) + data


def chunks(events):
    """A streamed HTTP answer: its head, then one chunk for each event, then its end."""
    head = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n")
    return [head, *(b"%x\r\n%b\r\n" % (len(event), event) for event in events), b"0\r\n\r\n"]


def openai_whole():
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-6-sol",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                     "message": {"role": "assistant", "content": TEXT, "refusal": None}}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 110, "total_tokens": 1010},
    }


def anthropic_whole():
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": {"input_tokens": 900, "output_tokens": 110},
    }


def openai_events(count=CONTENT_EVENTS):
    def event(delta, reason=None):
        data = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                "model": "gpt-6-sol", "choices": [{"index": 0, "delta": delta, "logprobs": None,
                                                "finish_reason": reason}]}
        return f"data: {json.dumps(data)}\n\n".encode()

    yield event({"role": "assistant", "content": ""})
    for number in range(count):
        yield event({"content": f" wind {number}"})
    yield event({}, "stop")
    yield b"data: [DONE]\n\n"


def anthropic_events(count=CONTENT_EVENTS):
    def event(name, **data):
        return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()

    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
               "content": [], "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 900, "output_tokens": 1}}
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for number in range(count):
        yield event("content_block_delta", index=0,
                    delta={"type": "text_delta", "text": f" wind {number}"})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                usage={"output_tokens": count})
    yield event("message_stop")
