// SPDX-License-Identifier: Apache-2.0
//
// The official TypeScript client, once in the era with sessions and once in the one without, lists and calls every tool and reads every
// resource on stdio and over HTTP. Arguments: the URL, then the server's command line.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [url, command, ...args] = process.argv.slice(2);
const ERAS = { 'with sessions': 'legacy', 'without sessions': { pin: '2026-07-28' }, 'as the server likes': 'auto' };
const READING = (time) => ({ time, uncertainty: 0.1 });
const ARGUMENTS = {
  get_time: { timezone: 'Europe/Berlin' },
  get_current_time: {},
  get_daemon_status: {},
  get_time_with_future_uncertainty: { future_seconds: 60 },
  convert_time: { time: '2026-03-13T15:33', source_timezone: 'Europe/Berlin', target_timezone: 'Asia/Tokyo' },
  wait_until: { corrected_time: '2026-01-01T00:00:00Z' },
  compare_timestamps: { first: READING(1), second: READING(2) },
};

let failures = 0;
async function check(name, work) {
  try {
    await work();
    console.log(`ok    ${name}`);
  } catch (e) {
    failures++;
    console.log(`FAIL  ${name}: ${e.stack ?? e}`);
  }
}
function require(condition, message) {
  if (!condition) throw new Error(message);
}

for (const [era, mode] of Object.entries(ERAS)) {
  for (const transport of ['stdio', 'http']) {
    const name = `${transport}, ${era}`;
    const client = new Client({ name: 'conformance', version: '1' }, { versionNegotiation: { mode } });
    await check(`${name}: connect`, () =>
      client.connect(
        transport === 'stdio'
          ? new StdioClientTransport({ command, args, stderr: 'inherit' })
          : new StreamableHTTPClientTransport(new URL(url)),
      ));
    await check(`${name}: every tool`, async () => {
      const { tools } = await client.listTools(); // after which it checks results against the output schemas
      for (const tool of tools) {
        require(tool.name in ARGUMENTS, `no arguments for ${tool.name} here`);
        const result = await client.callTool({ name: tool.name, arguments: ARGUMENTS[tool.name] });
        require(!result.isError, `${tool.name}: ${JSON.stringify(result.content)}`);
        require(result.structuredContent, `${tool.name}: no structured content`);
      }
    });
    await check(`${name}: every resource`, async () => {
      const { resources } = await client.listResources();
      require(resources.length === 2, `${resources.length} resources`);
      for (const { uri } of resources) {
        const { contents } = await client.readResource({ uri });
        JSON.parse(contents[0].text);
      }
    });
    await check(`${name}: a wait that is cancelled`, async () => {
      const abort = new AbortController();
      let told = 0;
      const wait = client.callTool(
        { name: 'wait_until', arguments: { corrected_time: Date.now() / 1000 + 3000, max_wait_seconds: 3600 } },
        { signal: abort.signal, onprogress: () => (told++, abort.abort()), timeout: 60_000 },
      );
      await wait.then(
        () => { throw new Error('it returned'); },
        () => require(told > 0, 'no progress was told'),
      );
      require(!(await client.callTool({ name: 'get_time' })).isError, 'no time afterwards');
    });
    await client.close().catch(() => {});
  }
}
process.exit(failures === 0 ? 0 : 1);
