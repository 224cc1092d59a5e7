import type { BadRequest } from './bad-request.ts';

export function tool(name: string, parameters: object = { type: 'object' }): object {
  return { type: 'function', function: { name, parameters } };
}

export const BAD_TOOLS: BadRequest[] = [
  ['tools that are no list', { tools: {} }, 400, 'invalid_type', 'tools'],
  ['a tool without a type', { tools: [{}] }, 400, 'missing_required_parameter', 'tools[0].type'],
  ['a tool of another type', { tools: [{ type: 'custom' }] }, 400, 'unsupported_value', 'tools[0].type'],
  [
    'a tool without a function',
    { tools: [{ type: 'function' }] },
    400,
    'missing_required_parameter',
    'tools[0].function',
  ],
  ['a tool with an odd name', { tools: [tool('a b')] }, 400, 'invalid_value', 'tools[0].function.name'],
  [
    'two tools of one name',
    { tools: [tool('f'), tool('f')] },
    400,
    'invalid_value',
    'tools[1].function.name',
  ],
  [
    'parameters that are a list',
    { tools: [tool('f', { type: 'array' })] },
    400,
    'invalid_type',
    'tools[0].function.parameters.type',
  ],
  ['a choice without tools', { tool_choice: 'required' }, 400, 'invalid_value', 'tool_choice'],
  ['an unknown choice', { tools: [tool('f')], tool_choice: 'any' }, 400, 'invalid_value', 'tool_choice'],
  [
    'a choice of an unknown tool',
    { tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } },
    400,
    'invalid_value',
    'tool_choice.function.name',
  ],
  [
    'parallel_tool_calls 1',
    { tools: [tool('f')], parallel_tool_calls: 1 },
    400,
    'invalid_type',
    'parallel_tool_calls',
  ],
  [
    'parameters with what cannot be enforced',
    { tools: [tool('f'), tool('g', { type: 'object', properties: { a: { not: { type: 'null' } } } })] },
    400,
    'schema_unsupported',
    'tools[1].function.parameters',
  ],
];
