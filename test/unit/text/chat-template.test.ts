import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../src/text/chat-message.ts';
import { createChatTemplate } from '../../../src/text/chat-template.ts';
import type { ToolFunction } from '../../../src/text/tool-format.ts';

const tokens = { bos_token: '<s>', eos_token: '</s>' };
const tools: ToolFunction[] = [{ name: 'now', description: 'The time.', parameters: { type: 'object' } }];
const talk: ChatMessage[] = [
  { role: 'user', content: 'What time is it?' },
  {
    role: 'assistant',
    content: '',
    calls: [
      { id: 'a', name: 'now', arguments: '{"zone": "UTC"}' },
      { id: 'b', name: 'now', arguments: 'no JSON' },
    ],
  },
  { role: 'tool', content: 'noon', callId: 'a' },
  { role: 'tool', content: 'night', callId: 'b', name: 'now' },
];

const PLAIN = `{{ bos_token }}{% for message in messages %}{{ '[' + message.role + ']' + message.content + '\n' }}{% endfor %}`;

/** As Qwen's and Hermes' templates do it, shortened. */
const NATIVE = `{% if tools %}TOOLS{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}
{%- for message in messages %}[{{ message.role }}{% if message.tool_call_id %} {{ message.tool_call_id }}{% endif %}]{{ message.content }}
{%- for call in message.tool_calls or [] %}<tool_call>{{ call.function.name }} {{ call.function.arguments | tojson }}</tool_call>{% endfor %}{% endfor %}`;

describe('A9 a conversation with tools', () => {
  it('is shown in the way of a template that writes calls as we do', () => {
    const text = createChatTemplate(NATIVE)(talk, tools, tokens);
    expect(text).toContain('TOOLS{"type": "function", "function": {"name": "now"');
    expect(text).toContain('<tool_call>now {"zone": "UTC"}</tool_call><tool_call>now "no JSON"</tool_call>');
    expect(text).toContain('[tool a]noon[tool b]night');
  });

  it('is plain messages for any other template: instruction, calls as they are written, results of the user', () => {
    const text = createChatTemplate(PLAIN)(talk, tools, tokens);
    expect(text).toMatch(
      /^<s>\[system\]These functions can be called:\n\{"name":"now","description":"The time\."/,
    );
    expect(text).toContain(
      '[assistant]<tool_call>\n{"name": "now", "arguments": {"zone": "UTC"}}\n</tool_call>\n<tool_call>\n',
    );
    expect(text).toMatch(
      /\[user\]<tool_response>\nnoon\n<\/tool_response>\n<tool_response>\nnight\n<\/tool_response>\n$/,
    );
  });

  it('keeps what the system said, before the instruction', () => {
    const messages: ChatMessage[] = [{ role: 'system', content: 'Be brief.' }, ...talk.slice(0, 1)];
    const text = createChatTemplate(PLAIN)(messages, tools, tokens);
    expect(text).toMatch(/^<s>\[system\]Be brief\.\n\nThese functions/);
    expect(createChatTemplate(PLAIN)(messages, [], tokens)).toBe(
      '<s>[system]Be brief.\n[user]What time is it?\n',
    );
  });
});

describe('A8 a named participant', () => {
  const messages: ChatMessage[] = [{ role: 'user', name: 'Bob', content: 'Hello.' }];

  it('is named in the text where the template has no place for it', () => {
    expect(createChatTemplate(PLAIN)(messages, [], tokens)).toBe('<s>[user]Bob: Hello.\n');
    const knows = `{% for message in messages %}{{ message['name'] }} says {{ message.content }}{% endfor %}`;
    expect(createChatTemplate(knows)(messages, [], tokens)).toBe('Bob says Hello.');
  });
});
