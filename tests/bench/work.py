"""What is asked of every variant: each piece of work is one request, sent many times."""

import dataclasses
import json

import answers

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
# The end of a conversation, where one that is asked once has its own number.
NUMBER = "00000000"
KEY, WRONG_KEY = "sk-bench", "sk-nobody"
SIZES = {"1 KB": 1 << 10, "4 KB": 4 << 10, "16 KB": 16 << 10, "64 KB": 64 << 10,
         "256 KB": 256 << 10, "1 MB": 1 << 20, "4 MB": 4 << 20}
# Requests of one round: a tenth of a second of Envoy's time, or a little more.
COUNTS = {"1 KB": 1000, "4 KB": 1000, "16 KB": 800, "64 KB": 400, "256 KB": 120, "1 MB": 40,
          "4 MB": 10}

@dataclasses.dataclass(frozen=True)
class Work:
    """A request, and how it is sent."""

    name: str
    body: bytes
    # Requests of one round, and how many at once.
    count: int
    width: int
    # What one request is divided by: the events of a stream, else 1.
    parts: int = 1
    status: int = 200
    key: str = KEY
    # Where plain Envoy is asked, so that its provider answers in the same dialect.
    plain_path: str = CHAT

    def request(self, plain=False, more=""):
        """Its bytes; `more` are further header lines."""
        path = self.plain_path if plain else CHAT
        head = (f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
                f"authorization: Bearer {self.key}\r\ncontent-length: {len(self.body)}\r\n"
                f"{more}\r\n")
        return head.encode() + self.body


def body(model, size, stream=False):
    """A conversation of about `size` bytes: several turns, as apps send them."""
    sentence = "Please explain how the trade winds shaped the routes of sailing ships, "
    ask = {"model": model, "temperature": 0.2, "max_tokens": 512, "stream": stream,
           "messages": [{"role": "system", "content": "You answer briefly and exactly."}]}
    turns = 9 if size > 2048 else 1
    each = max(1, (size - len(json.dumps(ask))) // turns - 40)
    for turn in range(turns):
        text = (sentence * (each // len(sentence) + 1))[:each]
        ask["messages"].append({"role": "user" if turn % 2 == 0 else "assistant", "content": text})
    ask["messages"][-1]["content"] = text[:-len(NUMBER)] + NUMBER
    return json.dumps(ask).encode()


def whole(model, size):
    return Work(f"{model} {size}", body(model, SIZES[size]), COUNTS[size],
                16 if SIZES[size] < 1 << 18 else 2)


def streamed(model, path):
    parts = len(answers.chunks(answers.openai_events() if path == CHAT
                               else answers.anthropic_events())) - 2
    return Work(f"{model} chunk", body(model, 1024, True), 16, 16, parts, plain_path=path)


def refused(name, status, text, key=KEY):
    return Work(name, text, 1000, 16, status=status, key=key)


WHOLE = [whole(model, size) for size in SIZES for model in ("same", "cross")]
STREAMED = [streamed("same", CHAT), streamed("cross", MESSAGES)]
REFUSED = [refused("401 wrong key", 401, body("same", 1024), WRONG_KEY),
           refused("404 no such model", 404, body("nobody", 1024)),
           refused("400 not JSON", 400, body("same", 1024)[:-1])]
HELD = Work("held", body("held", 4096, True), 1, 1)
EVERY = {work.name: work for work in [*WHOLE, *STREAMED, *REFUSED]}
# Whoever answers this is ready.
FIRST = EVERY["same 4 KB"]
