// What an app written with the `openai` SDK for Node does; prints what it got as one JSON object.
import { createRequire } from "node:module";

const [modules, baseURL, apiKey, model] = process.argv.slice(2);
const { OpenAI } = createRequire(`${modules}/`)("openai");
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const ask = (content, more = {}) => ({ model, messages: [{ role: "user", content }], ...more });

const whole = await client.chat.completions.create(ask("[mark:whole]"));

let streamed = "";
for await (const chunk of await client.chat.completions.create(
  ask("[mark:streamed] [words:20]", { stream: true }),
)) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}

const tools = [{
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
}];
const runner = client.chat.completions.stream(ask("call the tool get_weather", { tools }));
const called = await runner.finalChatCompletion();

let refused;
try {
  await client.chat.completions.create({ ...ask("hi"), model: "nope" });
} catch (error) {
  refused = { name: error.constructor.name, status: error.status, code: error.code };
}

const models = [];
for await (const listed of client.models.list()) models.push(listed.id);

console.log(JSON.stringify({
  whole: whole.choices[0].message.content,
  streamed,
  called: called.choices[0].message.tool_calls.map((call) => call.function.name),
  refused,
  models,
}));
