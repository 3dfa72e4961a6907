import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseHosts } from "../../src/ctl/hosts/choose.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-inventory-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** Each chosen host as it is named and as ssh reaches it. */
function chosen(inventory: string, ...hosts: readonly string[]): string[] {
  const targets = chooseHosts({ inventory, hosts: hosts.length === 0 ? undefined : hosts }) ?? [];
  return targets.map(({ name, address, port }) =>
    [name, ...(address === name ? [] : [address]), ...(port === undefined ? [] : [port])].join(" "),
  );
}

const INI = `# the fleet
alone.example.org ; this host has no group
root@other

[web]
web[01:03].example.org ansible_user="deploy" # two digits each
web02.example.org:2222

[db]
db-[a:c]   ansible_host=192.0.2.10   ansible_port=22
db-b ansible_host='192.0.2.11'

[web:vars]
ansible_user = www
ntp_server = ntp.example.org

[prod:children]
web  # all of them
db

[prod:vars]
ansible_user=prod

[all:vars]
ansible_port=2022
`.replace(" ; this host has no group", "");

const YAML = `---
all:
  vars:
    ansible_port: 2022
  hosts:
    alone.example.org:
    root@other: {}
  children:
    prod:
      vars: {ansible_user: prod}
      children:
        web:
          vars:
            ansible_user: www
            secret: !vault |
              $ANSIBLE_VAULT;1.1;AES256
          hosts:
            web[01:03].example.org:
              ansible_user: deploy
            web02.example.org:2222:
        db:
          hosts:
            db-[a:c]: &place
              ansible_host: 192.0.2.10
              ansible_port: 22
            db-b:
              ansible_host: 192.0.2.11
`;

const ALL = [
  "alone.example.org 2022",
  "root@other 2022",
  "web01.example.org deploy@web01.example.org 2022",
  "web02.example.org deploy@web02.example.org 2222",
  "web03.example.org deploy@web03.example.org 2022",
  "db-a prod@192.0.2.10 22",
  "db-b prod@192.0.2.11 22",
  "db-c prod@192.0.2.10 22",
];

describe.each([
  ["INI", "hosts", INI],
  ["YAML", "hosts.yml", YAML],
  ["YAML without the name of it", "inventory", YAML],
])("an inventory in %s", (_, name, text) => {
  test("has the hosts, and the addresses, users and ports, that Ansible finds in it", () => {
    expect(chosen(file(name, text))).toEqual(ALL);
  });

  test.each([
    ["web", ["web01", "web02", "web03"]],
    ["prod", ["web01", "web02", "web03", "db-a", "db-b", "db-c"]],
    ["ungrouped", ["alone", "root@other"]],
    ["db-a,web03.example.org", ["web03", "db-a"]],
    ["web0[1-9]*", undefined],
    ["web*,!web02*", ["web01", "web03"]],
    ["!prod", ["alone", "root@other"]],
    ["all:!web:&prod", ["db-a", "db-b", "db-c"]],
    ["db-?", ["db-a", "db-b", "db-c"]],
    ["web,&db", []],
    ["wbe", undefined],
  ])("%s means those that it means to Ansible", (pattern, expected) => {
    const path = file(name, text);
    const names = () => chosen(path, pattern).map((host) => host.split(/[. ]/)[0]);
    const wrong =
      expected === undefined
        ? `There is no host or group "${pattern}" in ${path}`
        : `No host is in ${path} and matches "${pattern}"`;
    if (expected !== undefined && expected.length > 0) expect(names()).toEqual([...expected]);
    else expect(names).toThrow(wrong);
  });
});

test("a plain list of hosts is an inventory, with ranges and comments", () => {
  const path = file(
    "list",
    "\uFEFFb\n\n# not c\nroot@a\nb\nrack[8:10]-[a:b]\nold[0:4:2]\nfd00::1\n[::1]:2222\n",
  );
  expect(chosen(path)).toEqual([
    "b",
    "root@a",
    "rack8-a",
    "rack8-b",
    "rack9-a",
    "rack9-b",
    "rack10-a",
    "rack10-b",
    "old0",
    "old2",
    "old4",
    "fd00::1",
    "[::1] 2222",
  ]);
});

test("JSON, as ansible-inventory writes it with --yaml, is an inventory too", () => {
  expect(chosen(file("hosts.json", '{"all": {"hosts": {"web1": {"ansible_host": "192.0.2.1"}}}}'))).toEqual([
    "web1 192.0.2.1",
  ]);
});

const BY_ANSIBLE =
  'Let Ansible write it: "ansible-inventory -i … --list --yaml --output FILE", and name FILE';

test.each([
  [
    "hosts",
    "web1\n-oProxyCommand=id\n",
    '2: "-oProxyCommand=id" is not a host like web1 or web[01:50].example.org',
  ],
  ["hosts", "web$(id)\n", '1: "web$(id)" is not a host like web1 or web[01:50].example.org'],
  [
    "hosts",
    "web1 ansible_host=-oProxyCommand=id\n",
    '1: ansible_host is "-oProxyCommand=id", which is not a host like web1 or 192.0.2.1',
  ],
  ["hosts", "web1 ansible_user='a;b'\n", '1: ansible_user is "a;b", which is not a user like root'],
  ["hosts", "web1:0\n", '1: ansible_port is "0", which is not a port from 1 to 65535'],
  [
    "hosts",
    "web1\nweb2 web3\n",
    '2: "web3" is not a variable like ansible_host=192.0.2.1: one host stands on a line',
  ],
  ["hosts", "web1 a='b\n", "1: A quote has no end: web1 a='b"],
  [
    "hosts",
    "web[1:99999]\n",
    '1: "[1:99999]" is not a range like [1:50], [01:50], [a:f] or [0:10:2] with at most 10000 hosts',
  ],
  [
    "hosts",
    "w[1:200][1:200]\n",
    '1: "[1:200]" is not a range like [1:50], [01:50], [a:f] or [0:10:2] with at most 10000 hosts',
  ],
  [
    "hosts",
    "w[9:1]\n",
    '1: "[9:1]" is not a range like [1:50], [01:50], [a:f] or [0:10:2] with at most 10000 hosts',
  ],
  ["hosts", "[web:hoasts]\n", '1: "[web:hoasts]" is neither [GROUP], [GROUP:children] nor [GROUP:vars]'],
  ["hosts", "[prod:children]\nweb\n", '2: There is no group "web": add a section [web]'],
  ["hosts", "[web:vars]\nx=1\n", '1: There is no group "web": add a section [web]'],
  [
    "hosts",
    "[a:children]\nb\n[b:children]\na\n",
    '2: The group "a" is below itself, through "b": take one of them out',
  ],
  [
    "hosts",
    "[all:vars]\nansible_user={{ me }}\n",
    "2: ansible_user is a template, which only Ansible can evaluate: write the value itself",
  ],
  ["h.yml", "all:\n  hosts:\n    'a b':\n", '3: "a b" is not a host like web1 or web[01:50].example.org'],
  [
    "h.yml",
    "all:\n  hosts:\n    - web1\n",
    `3: This must be a mapping, with a ":" after each name. ${BY_ANSIBLE}`,
  ],
  [
    "h.yml",
    "all:\n  host:\n    web1:\n",
    '2: "host" is none of hosts, children and vars, which a group consists of',
  ],
  [
    "h.yml",
    "all:\n  hosts:\n  web1: [\n",
    "4: This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  [
    "h.yml",
    "plugin: amazon.aws.aws_ec2\n",
    `1: This is the configuration of a plugin of Ansible. ${BY_ANSIBLE}`,
  ],
  ["h.yml", "a:\n  children: &x\n    b:\n      children: *x\n", "3: Groups are nested more than 100 deep"],
])("%s: %j is refused with file, line and remedy", (name, text, words) => {
  const path = file(name, text);
  expect(() => chosen(path)).toThrow(new Error(`${path}:${words}`));
});

test.each([
  [
    "a program",
    () => file("hosts.py", "#!/usr/bin/python3\n"),
    `: This is a program, which is not run. ${BY_ANSIBLE}`,
  ],
  ["a directory", () => directory, `: This is a directory. ${BY_ANSIBLE}`],
  ["a file without end", () => "/dev/zero", ": It has more than 1048576 bytes"],
  ["bytes that are no text", () => file("hosts", new Uint8Array([0x61, 0xff])), ": It is not text in UTF-8"],
  [
    "nesting without end",
    () => file("h.yml", "[".repeat(30_000)),
    ":1: This is not YAML: Maximum call stack size exceeded.",
  ],
  ["too many hosts", () => file("hosts", "a[0:9999]\nb[0:9999]\n"), ":2: There are more than 10000 hosts"],
  [
    "too many groups",
    () => file("hosts", Array.from({ length: 1001 }, (_, i) => `[g${i}]`).join("\n")),
    ":1001: There are more than 1000 groups",
  ],
])("%s is refused", (_, make, words) => {
  const path = make();
  expect(() => chosen(path)).toThrow(new Error(`${path}${words}`));
});

test("an inventory that is not there is named, and more than 1000 hosts at once are refused", () => {
  mkdirSync(join(directory, "sub"));
  expect(() => chosen(join(directory, "none"))).toThrow(
    `Cannot read the inventory "${directory}/none": no such file or directory`,
  );
  const path = file("hosts", "[one]\na[1:1000]\n[two]\nb\n");
  expect(() => chosen(path)).toThrow("1001 hosts are too many: name a group of at most 1000");
  expect(chosen(path, "one")).toHaveLength(1000);
});

test.each([
  "-oProxyCommand=id",
  "a;id",
  "a$(id)",
  "a`id`",
  "a|id",
  "a&id",
  "a\nid",
  "a>f",
  "a'b",
  "a b",
  "é",
])(
  "no name, address or user of an inventory can become an option of ssh or a command of a shell: %j",
  (evil) => {
    const hosts = [{ [evil]: null }, { a: { ansible_host: evil } }, { a: { ansible_user: evil } }];
    for (const each of hosts) {
      const path = file("hosts.json", JSON.stringify({ all: { hosts: each } }));
      expect(() => chosen(path)).toThrow(`${path}:1: `);
    }
  },
);
