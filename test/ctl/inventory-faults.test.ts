import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chosen, inventoryFiles } from "./inventory-files.ts";

const files = inventoryFiles();
const { file } = files;

const BY_ANSIBLE =
  'Write an inventory with "ansible-inventory -i … --list --yaml --output FILE", and name FILE';

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
  ["a directory", () => files.directory, `: This is a directory. ${BY_ANSIBLE}`],
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
  mkdirSync(join(files.directory, "sub"));
  expect(() => chosen(join(files.directory, "none"))).toThrow(
    `Cannot read the inventory "${files.directory}/none": no such file or directory`,
  );
  const path = file("hosts", "[one]\na[1:1000]\n[two]\nb\n");
  expect(() => chosen(path)).toThrow("1001 hosts are too many: name a group of at most 1000");
  expect(chosen(path, "one")).toHaveLength(1000);
});
