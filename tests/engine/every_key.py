"""Compose files with as many keys of a service as this kind of engine takes at creation."""

from __future__ import annotations

SERVER = """
services:
  db:
    <<: *sleeper
    healthcheck: {test: "true", interval: 5s, timeout: 1s, retries: 7, start_period: 3s}
    volumes: ["data:/data", /anonymous]
    networks: {default: {aliases: [the-db], priority: 10}, back: {priority: 100}}
    labels: {theirs: "a$$b"}
    cpus: 0.5
    shm_size: 10m
    logging: {driver: none}
  many:
    <<: *sleeper
    deploy: {replicas: 2}
    ports: ["80", "53/udp"]
    privileged: true
    restart: always
  beside:
    <<: *sleeper
    network_mode: service:db
    ipc: service:db
    pid: service:db
    volumes_from: ["db:ro", many]
  alone: {<<: *sleeper, network_mode: none, read_only: true, security_opt: [label=disable]}
  on-host: {<<: *sleeper, network_mode: host, uts: host}
"""

APP = """
  app:
    image: debian:bookworm-slim
    platform: linux/amd64
    entrypoint: [/bin/sh, -c]
    command: ["sleep 9"]
    hostname: foo
    domainname: example.org
    user: "1000:1000"
    working_dir: /tmp
    environment: {A: "1", B: "x$$y", PASSED_ON: , "MANY": "a\\nb"}
    env_file: [../app.env]
    expose: ["1234"]
    ports:
      - "127.0.0.1:21001:80"
      - "21002:53/udp"
      - "21003-21004:90-91"
      - {target: 80, published: "21005", protocol: tcp, mode: host, name: web}
      - "7777"
    links: ["db:dbalias", many]
    extra_hosts: ["h:1.2.3.4", "me:host-gateway"]
    dns: [9.9.9.9]
    dns_search: [a.b]
    dns_opt: [use-vc]
    tmpfs: [/t1, "/t2:size=1m"]
    volumes:
      - ../some.txt:/some.txt:ro
      - {type: bind, source: ../some.txt, target: /g, bind: {propagation: rprivate}}
      - {type: volume, source: data, target: /d, volume: {nocopy: true}}
      - {type: tmpfs, target: /t3, tmpfs: {size: 1000000}}
      - {type: volume, target: /anonymous}
      - other:/other
      - theirs:/theirs
    deploy:
      resources: {limits: {memory: 50m, pids: 50}, reservations: {memory: 20m}}
      restart_policy: {condition: on-failure, max_attempts: 3}
    sysctls: {net.core.somaxconn: 1024}
    ulimits: {nofile: {soft: 1000, hard: 2000}, nproc: 500}
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    security_opt: ["no-new-privileges:true"]
    devices: ["/dev/null:/dev/mynull:rw"]
    device_cgroup_rules: ["c 1:3 mr"]
    group_add: ["10"]
    init: true
    tty: true
    stdin_open: true
    stop_signal: SIGUSR1
    stop_grace_period: 3s
    logging: {driver: json-file, options: {max-size: 1m}}
    annotations: {a: b}
    oom_score_adj: 100
    mac_address: 02:42:0a:d5:07:33
    pids_limit: 50
    blkio_config: {weight: 300}
    mem_swappiness: 10
    memswap_limit: 100m
    cpu_shares: 100
    cpuset: "0"
    cgroup: private
    runtime: runc
    networks:
      default: {aliases: [q]}
      back: {priority: 5, ipv4_address: 10.77.213.9}
      theirs: {aliases: [known]}
    configs: [by-content, {source: by-file, target: /etc/cf, mode: 0400}]
    secrets: [by-file]
    depends_on: {db: {condition: service_healthy}, beside: {condition: service_started}}
networks:
  default: {driver_opts: {com.docker.network.bridge.enable_icc: "true"}, labels: {work: "x$$y"}}
  back:
    ipam: {config: [{subnet: 10.77.213.0/24, gateway: 10.77.213.254, ip_range: 10.77.213.0/25}]}
    attachable: true
    internal: true
    driver: bridge
    labels: {net: work}
  theirs: {external: true, name: THEIRS}
volumes:
  data: {labels: {vol: ume}}
  other: {driver: local, driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}}
  theirs: {external: true, name: THEIRS}
configs:
  by-content: {content: hi}
  by-file: {file: ../some.txt}
secrets:
  by-file: {file: ../some.txt}
"""

# An image that says something itself, and services that take it, change it and take it away.
DOCKERFILE = (
    'ENTRYPOINT ["/bin/echo", "a"]',
    'CMD ["b"]',
    "EXPOSE 8080 53/udp",
    "VOLUME /of-image",
    "ENV OF_IMAGE=1 CHANGED=1 GONE=1",
    "LABEL of.image=1 changed=1",
    "HEALTHCHECK --interval=9s CMD true",
    "USER 1000",
    "WORKDIR /tmp",
    "STOPSIGNAL SIGINT",
)
IMAGE = """
services:
  as-is: {build: ./app, image: made}
  command: {image: made, command: [c]}
  entrypoint: {image: made, entrypoint: [/bin/sleep]}
  both: {image: made, entrypoint: [/bin/sleep], command: ["9"]}
  reset: {image: made, entrypoint: [], command: [ls]}
  cleared: {image: made, entrypoint: "", command: [ls]}
  unchecked: {image: made, healthcheck: {disable: true}}
  checked: {image: made, healthcheck: {test: "false", retries: 9}}
  changed:
    image: made
    environment: {CHANGED: "2", GONE: }
    labels: {changed: "2"}
    user: root
    working_dir: /
    stop_signal: SIGTERM
    volumes: ["kept:/of-image"]
    ports: ["8080"]
  beside: {image: made, network_mode: service:as-is}
  inside: {image: made, pid: service:as-is, ipc: service:as-is}
volumes: {kept: {}}
"""
