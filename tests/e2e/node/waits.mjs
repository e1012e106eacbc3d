// One request of an app that waits so many milliseconds; prints what came of it as JSON.
import { createRequire } from "node:module";

const [modules, baseURL, apiKey, timeout] = process.argv.slice(2);
const { OpenAI } = createRequire(`${modules}/`)("openai");
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const asked = { model: "claude", messages: [{ role: "user", content: "[mark:9]" }] };

try {
  const answer = await client.chat.completions.create(asked, { timeout: Number(timeout) });
  console.log(JSON.stringify({ answered: answer.choices[0].message.content.includes("mark:9") }));
} catch (error) {
  console.log(JSON.stringify({ status: error.status ?? error.name }));
}
