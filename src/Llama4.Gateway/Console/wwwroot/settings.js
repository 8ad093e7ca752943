// What requests say beside the dialog, as a form. An empty field leaves the choice to the server.
import { $, h, icon, ICONS } from './dom.js';
import { apiKey, loadSettings, saveApiKey, saveSettings } from './store.js';

const NUMBERS = [
  { name: 'temperature', label: 'Temperature', min: 0, step: 0.05 },
  { name: 'top_p', label: 'Top p', min: 0.01, max: 1, step: 0.01 },
  { name: 'top_k', label: 'Top k', min: -1, step: 1 },
  { name: 'min_p', label: 'Min p', min: 0, max: 1, step: 0.01 },
  { name: 'presence_penalty', label: 'Presence penalty', min: -2, max: 2, step: 0.1 },
  { name: 'frequency_penalty', label: 'Frequency penalty', min: -2, max: 2, step: 0.1 },
  { name: 'repetition_penalty', label: 'Repetition penalty', min: 0.05, max: 100, step: 0.05 },
  { name: 'seed', label: 'Seed', step: 1 },
  { name: 'max_completion_tokens', label: 'Most tokens', min: 1, step: 1 },
];

const TOOLS_EXAMPLE = JSON.stringify([{
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Get the current weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string', description: 'name of the city' } }, required: ['city'] },
  },
}], null, 2);

const SCHEMA_EXAMPLE = JSON.stringify({
  type: 'object',
  properties: { city: { type: 'string' }, country: { type: 'string' } },
  required: ['city', 'country'],
  additionalProperties: false,
}, null, 2);

export class Settings extends EventTarget {
  constructor() {
    super();
    this.values = { watch: true, keys: true, tool_choice: 'auto', ...loadSettings() };
    this.#build();
  }

  /** As Conversation wants it. */
  request() {
    const { values } = this;
    const fields = { model: $('model').value };
    for (const { name } of NUMBERS) if (Number.isFinite(values[name])) fields[name] = values[name];
    const tools = parsed(values.tools);
    if (tools?.length) Object.assign(fields, { tools, tool_choice: values.tool_choice });
    const schema = parsed(values.schema);
    if (schema) fields.response_format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
    return { fields, system: values.system?.trim() ?? '', watch: values.watch };
  }

  open() {
    $('settings').showModal();
  }

  keep(name, value) {
    this.values[name] = value;
    saveSettings(this.values);
  }

  #build() {
    const form = h('form', { method: 'dialog', novalidate: true, oninput: event => this.#take(event.target) },
      h('header', { class: 'sheet-head' }, h('h2', { id: 'settings-title' }, 'Settings'),
        h('button', { type: 'submit', class: 'tool', 'aria-label': 'Close settings' }, icon(ICONS.close))),
      h('div', { class: 'sheet-body' },
        this.#area('system', 'System message', 3, 'You are a helpful assistant.'),
        h('fieldset', {}, h('legend', {}, 'Sampling'),
          h('p', { class: 'about' }, 'Empty fields leave it to the server.'),
          h('div', { class: 'grid' }, NUMBERS.map(field => this.#number(field)))),
        h('fieldset', {}, h('legend', {}, 'Tools'),
          this.#area('tools', 'Definitions, a JSON array', 5, 'none', TOOLS_EXAMPLE),
          h('label', { class: 'field' }, h('span', {}, 'Tool choice'),
            h('select', { name: 'tool_choice' }, ['auto', 'required', 'none'].map(value => h('option', { value, selected: value === this.values.tool_choice }, value))))),
        h('fieldset', {}, h('legend', {}, 'Answer format'),
          this.#area('schema', 'JSON schema the answer must meet', 5, 'any text', SCHEMA_EXAMPLE)),
        h('fieldset', {}, h('legend', {}, 'Console'),
          this.#check('watch', 'Ask for the path of each token', 'Experts, times and probabilities; costs the server a little.'),
          this.#check('keys', 'Single-key shortcuts', 'The keys of the help page while no field has the focus.')),
        h('label', { class: 'field' }, h('span', {}, 'API key'),
          h('input', { type: 'password', name: 'key', value: apiKey(), autocomplete: 'off', placeholder: 'none', spellcheck: false }),
          h('small', {}, 'Kept until this tab is closed.')),
        h('button', { type: 'button', class: 'plain', onclick: () => this.#reset() }, 'Reset to the server’s choice')));
    $('settings').replaceChildren(form);
    $('settings').addEventListener('click', event => event.target === $('settings') && $('settings').close());
    this.form = form;
  }

  #number({ name, label, ...limits }) {
    return h('div', { class: 'field' }, h('label', { htmlFor: `set-${name}` }, label),
      h('input', { type: 'number', id: `set-${name}`, name, ...limits, value: this.values[name] ?? '', placeholder: 'server', inputMode: 'decimal', 'aria-describedby': `${name}-wrong` }),
      h('small', { class: 'wrong', id: `${name}-wrong` }));
  }

  #area(name, label, rows, placeholder, example) {
    const area = h('textarea', {
      id: `set-${name}`, name, rows, placeholder, spellcheck: name === 'system', value: this.values[name] ?? '',
      class: example ? 'mono' : null, 'aria-describedby': `${name}-wrong`,
    });
    const fill = () => {
      area.value = example;
      area.dispatchEvent(new Event('input', { bubbles: true }));
    };
    return h('div', { class: 'field' },
      h('div', { class: 'field-head' }, h('label', { htmlFor: area.id }, label), example && h('button', { type: 'button', class: 'quiet', onclick: fill }, 'Example')),
      area, h('small', { class: 'wrong', id: `${name}-wrong` }));
  }

  #check(name, label, about) {
    return h('label', { class: 'check' }, h('input', { type: 'checkbox', name, checked: this.values[name] }), h('span', {}, label, h('small', {}, about)));
  }

  #take(input) {
    if (input.name === 'key') saveApiKey(input.value.trim());
    else if (input.type === 'checkbox') this.values[input.name] = input.checked;
    else if (input.type === 'number') this.#keep(input, input.value === '' ? undefined : input.valueAsNumber, input.validationMessage);
    else if (input.name === 'tools') this.#keep(input, input.value, jsonMistake(input.value, Array.isArray, 'an array of tools'));
    else if (input.name === 'schema') this.#keep(input, input.value, jsonMistake(input.value, value => value && typeof value === 'object' && !Array.isArray(value), 'an object'));
    else this.values[input.name] = input.value;
    saveSettings(this.values);
    this.dispatchEvent(new CustomEvent('change', { detail: input.name }));
  }

  /** A value that is wrong is shown as such and not used. */
  #keep(input, value, mistake) {
    input.setAttribute('aria-invalid', String(Boolean(mistake)));
    $(`${input.name}-wrong`).textContent = mistake;
    this.values[input.name] = mistake ? undefined : value;
  }

  #reset() {
    this.values = { watch: true, keys: true, tool_choice: 'auto' };
    saveSettings(this.values);
    this.#build();
    this.dispatchEvent(new CustomEvent('change', { detail: 'all' }));
  }
}

function jsonMistake(text, isRight, expected) {
  if (!text.trim()) return '';
  try {
    return isRight(JSON.parse(text)) ? '' : `Expected ${expected}.`;
  } catch (error) {
    return error.message;
  }
}

function parsed(text) {
  try {
    return text?.trim() ? JSON.parse(text) : null;
  } catch {
    return null; // kept out of values by #keep; what an older release kept may be anything
  }
}
