// The official openai client against a server: node run.mjs http://HOST:PORT/v1. The server must answer as ClientScript of Llama4.Gateway.Tests does.
// One line for each part; a part that fails ends the run with exit code 1.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'test-key', maxRetries: 0, timeout: 60_000 });
const model = 'scout-nano';
const text = 'The capital of France is Paris.';
const question = 'What is the capital of France?';
const red = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII=';
const weather = { name: 'get_weather', description: 'Weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };

async function part(name, run) {
  try {
    await run();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`FAILED: ${name}`);
    console.error(error);
    process.exit(1);
  }
}

await part('models', async () => {
  const models = await client.models.list();
  assert.equal(models.data[0].id, model);
  assert.equal((await client.models.retrieve(model)).id, model);
});

await part('chat', async () => {
  const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: question }] });
  assert.equal(answer.choices[0].message.content, text);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.ok(answer.usage.completion_tokens > 1);
});

await part('chat stream', async () => {
  const stream = client.chat.completions.stream({ model, messages: [{ role: 'user', content: question }], stream_options: { include_usage: true } });
  let deltas = 0;
  stream.on('content', () => deltas++);
  assert.equal(await stream.finalContent(), text);
  assert.ok(deltas > 3);
  assert.ok((await stream.totalUsage()).completion_tokens > 1);
});

await part('chat stream that is broken off', async () => {
  const stream = await client.chat.completions.create({ model, messages: [{ role: 'user', content: question }], stream: true });
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    break;
  }
});

for (const stream of [false, true]) {
  await part(`chat tools with the runner${stream ? ', streamed' : ''}`, async () => {
    const asked = [];
    const runner = client.chat.completions.runTools({
      model,
      stream,
      messages: [{ role: 'user', content: 'Warm in Paris?' }],
      tools: [{ type: 'function', function: { ...weather, parse: JSON.parse, function: ({ city }) => { asked.push(city); return '21'; } } }],
    });
    assert.equal(await runner.finalContent(), 'It is 21 degrees in Paris.');
    assert.deepEqual(asked, ['Paris']);
  });
}

await part('chat tools of zod', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model,
    messages: [{ role: 'user', content: 'Warm in Paris?' }],
    tools: [zodFunction({ name: 'get_weather', parameters: z.object({ city: z.string() }), function: ({ city }) => { asked.push(city); return '21'; } })],
  });
  assert.equal(await runner.finalContent(), 'It is 21 degrees in Paris.');
  assert.deepEqual(asked, ['Paris']);
});

await part('chat structured', async () => {
  const City = z.object({ city: z.string(), people: z.number().int() });
  const answer = await client.chat.completions.parse({
    model, messages: [{ role: 'user', content: 'Paris, as JSON.' }], response_format: zodResponseFormat(City, 'city'),
  });
  assert.deepEqual(answer.choices[0].message.parsed, { city: 'Paris', people: 2102650 });
});

await part('chat image', async () => {
  const answer = await client.chat.completions.create({
    model, messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: red } }] }],
  });
  assert.equal(answer.choices[0].message.content, 'A red square.');
});

await part('chat logprobs', async () => {
  const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: question }], logprobs: true, top_logprobs: 2 });
  assert.equal(answer.choices[0].logprobs.content.map((token) => token.token).join('').replace(/<\|.*\|>/, ''), text);
});

await part('chat error', async () => {
  await assert.rejects(
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }], temperature: -1 }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature' && error.code === 'invalid_value');
});

await part('completions', async () => {
  const answer = await client.completions.create({ model, prompt: question, echo: true });
  assert.equal(answer.choices[0].text, question + text);
});

await part('responses', async () => {
  const response = await client.responses.create({ model, input: question, instructions: 'Be brief.' });
  assert.equal(response.output_text, text);
  assert.equal(response.status, 'completed');
  assert.equal(response.store, false);
});

await part('responses tools', async () => {
  const tools = [{ type: 'function', strict: false, ...weather }];
  const input = [{ role: 'user', content: 'Warm in Paris?' }];
  const first = await client.responses.create({ model, input, tools });
  const call = first.output.find((item) => item.type === 'function_call');
  assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
  input.push(...first.output, { type: 'function_call_output', call_id: call.call_id, output: '21' });
  assert.equal((await client.responses.create({ model, input, tools })).output_text, 'It is 21 degrees in Paris.');
});

await part('responses image', async () => {
  const response = await client.responses.create({
    model, input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is this?' }, { type: 'input_image', detail: 'auto', image_url: red }] }],
  });
  assert.equal(response.output_text, 'A red square.');
});

await part('responses structured', async () => {
  const City = z.object({ city: z.string(), people: z.number().int() });
  const response = await client.responses.parse({ model, input: 'Paris, as JSON.', text: { format: zodTextFormat(City, 'city') } });
  assert.deepEqual(response.output_parsed, { city: 'Paris', people: 2102650 });
});

await part('responses error', async () => {
  await assert.rejects(
    client.responses.create({ model, input: 'x', previous_response_id: 'resp_1' }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === 'previous_response_id');
});

await part('responses stream', async () => {
  const types = [];
  const stream = client.responses.stream({ model, input: question });
  stream.on('event', (event) => types.push(event.type));
  const response = await stream.finalResponse();
  assert.equal(response.output_text, text);
  assert.equal(types[0], 'response.created');
  assert.equal(types.at(-1), 'response.completed');
  assert.ok(types.filter((type) => type === 'response.output_text.delta').length > 3);
});
