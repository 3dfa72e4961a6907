import { describe, expect, test } from "bun:test";
import { chosen, inventoryFiles } from "./inventory-files.ts";

const files = inventoryFiles();
const { file } = files;

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
        : `No host of ${path} matches "${pattern}"`;
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
