import type { BadRequest } from './bad-request.ts';

export const messages = [{ role: 'user', content: 'Speak.' }];

const called = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
};
const answered = { role: 'tool', tool_call_id: 'a', content: 'x' };

export const BAD_MESSAGES: BadRequest[] = [
  ['no messages', {}, 400, 'missing_required_parameter', 'messages'],
  ['messages that are no list', { messages: 'Speak.' }, 400, 'invalid_type', 'messages'],
  ['no message at all', { messages: [] }, 400, 'empty_array', 'messages'],
  ['a message that is no object', { messages: ['Speak.'] }, 400, 'invalid_type', 'messages[0]'],
  [
    'a message without a role',
    { messages: [{ content: 'x' }] },
    400,
    'missing_required_parameter',
    'messages[0].role',
  ],
  ['a wrong role', { messages: [{ role: 'king', content: 'x' }] }, 400, 'invalid_value', 'messages[0].role'],
  [
    'an inherited role',
    { messages: [{ role: 'toString', content: 'x' }] },
    400,
    'invalid_value',
    'messages[0].role',
  ],
  [
    'a tool’s message that answers nothing',
    { messages: [...messages, { role: 'tool', tool_call_id: 'a', content: 'x' }] },
    400,
    'invalid_value',
    'messages[1].tool_call_id',
  ],
  [
    'a tool’s message without an id',
    { messages: [...messages, { role: 'tool', content: 'x' }] },
    400,
    'missing_required_parameter',
    'messages[1].tool_call_id',
  ],
  [
    'a call without an answer',
    { messages: [...messages, called, ...messages] },
    400,
    'invalid_value',
    'messages[1].tool_calls',
  ],
  [
    'a call that is answered twice',
    { messages: [...messages, called, answered, answered] },
    400,
    'invalid_value',
    'messages[3].tool_call_id',
  ],
  [
    'a user’s call',
    { messages: [{ ...called, role: 'user' }, answered] },
    400,
    'invalid_value',
    'messages[0].tool_calls',
  ],
  [
    'a call without arguments',
    {
      messages: [
        { ...called, tool_calls: [{ id: 'a', type: 'function', function: { name: 'f' } }] },
        answered,
      ],
    },
    400,
    'missing_required_parameter',
    'messages[0].tool_calls[0].function.arguments',
  ],
  [
    'a call of another type',
    { messages: [{ ...called, tool_calls: [{ id: 'a', type: 'custom' }] }, answered] },
    400,
    'unsupported_value',
    'messages[0].tool_calls[0].type',
  ],
  [
    'an old function’s message',
    { messages: [{ role: 'function', name: 'f', content: 'x' }] },
    400,
    'unsupported_value',
    'messages[0].role',
  ],
  [
    'a message without content',
    { messages: [{ role: 'user' }] },
    400,
    'missing_required_parameter',
    'messages[0].content',
  ],
  [
    'content of a wrong type',
    { messages: [{ role: 'user', content: 7 }] },
    400,
    'invalid_type',
    'messages[0].content',
  ],
  [
    'an empty list of parts',
    { messages: [{ role: 'user', content: [] }] },
    400,
    'empty_array',
    'messages[0].content',
  ],
  [
    'an image',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    400,
    'unsupported_value',
    'messages[0].content[0].type',
  ],
  [
    'a name with spaces',
    { messages: [{ role: 'user', content: 'x', name: 'Bob the <b>' }] },
    400,
    'invalid_value',
    'messages[0].name',
  ],
  [
    'a prompt over the context',
    { messages: [{ role: 'user', content: 'x'.repeat(300) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
  [
    'a prompt of the whole context',
    { messages: [{ role: 'user', content: 'x'.repeat(253) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
  [
    'a prompt that is not worth reading',
    { messages: [{ role: 'user', content: 'x'.repeat(70_000) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
];
