"""Which combinations of a cluster's arguments make no sense, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.postgres.topology import CloneFrom, InitDb

if TYPE_CHECKING:
    from components.postgres.args import PostgresArgs

FIRST_NODE_PORT = 30000
LAST_NODE_PORT = 32767


def check(args: PostgresArgs) -> None:
    """Raises ValueError at the first rule that the arguments break."""
    if args.role == "standalone":
        _check_standalone(args)
    else:
        _check_topology(args)
    _check_roles(args)
    _check_sizes(args)
    _check_replication(args)


def _check_standalone(args: PostgresArgs) -> None:
    named = (args.self_name, args.primary_name, args.source_name)
    if any(name is not None for name in named):
        raise ValueError(
            f"{args.cluster_name}: a standalone cluster belongs to no topology, so `self_name`, `primary_name` "
            "and `source_name` would be ignored. Leave them out, or set `role` to primary or replica."
        )
    if args.external_clusters and not args.subscriptions and not isinstance(args.bootstrap, CloneFrom):
        raise ValueError(
            f"{args.cluster_name}: a standalone cluster reaches others only to be cloned from them or to subscribe "
            "to them. Leave `external_clusters` empty, or add `subscriptions`."
        )


def _check_topology(args: PostgresArgs) -> None:
    known = {external.name for external in args.external_clusters}
    for setting in ("self_name", "primary_name", "source_name"):
        name = getattr(args, setting)
        if name not in known:
            raise ValueError(
                f"{args.cluster_name}: `{setting}` is {name!r}, which is not in `external_clusters` "
                f"({', '.join(sorted(known)) or 'empty'}). CNPG refuses a topology in which a member is not "
                "listed on both sides; list every cluster, this one included."
            )
    if args.self_name != args.cluster_name:
        raise ValueError(
            f"{args.cluster_name}: `self_name` is {args.self_name!r}. The cluster's own entry carries its "
            "own name, or its replication certificate and archive folder belong to another one."
        )
    if args.source_name == args.self_name:
        raise ValueError(
            f"{args.cluster_name}: `source_name` is the cluster itself. A cluster cannot stream from itself; "
            "name the other region's, which a primary will follow once it is demoted."
        )
    if (args.role == "primary") != (args.primary_name == args.self_name):
        raise ValueError(
            f"{args.cluster_name}: `role` is {args.role} but `primary_name` is {args.primary_name!r}. Two "
            "answers to who may write end in two writers; take both from the one record of authority."
        )


def _check_roles(args: PostgresArgs) -> None:
    if args.promotion_token is not None and args.role != "primary":
        raise ValueError(
            f"{args.cluster_name}: only a primary carries a `promotion_token`. A demotion drops it in the "
            "same change, or the cluster breaks; leave it out."
        )
    if args.waits_for_demotion_token and args.role != "replica":
        raise ValueError(
            f"{args.cluster_name}: only a cluster that is being demoted gets a demotion token, so waiting for "
            "one here never ends. Set `waits_for_demotion_token` on the previous primary, with role replica."
        )
    if args.generation < 1 or (args.generation > 1 and isinstance(args.bootstrap, InitDb)):
        raise ValueError(
            f"{args.cluster_name}: `generation` is {args.generation} with a new, empty database. A raised "
            "generation deletes the cluster and its volumes, so it is always a copy of another: set `bootstrap` "
            "to CloneFrom(<the cluster that has the data>)."
        )
    if not isinstance(args.bootstrap, InitDb) and args.bootstrap.source not in {
        external.name for external in args.external_clusters
    }:
        raise ValueError(
            f"{args.cluster_name}: `bootstrap` clones from {args.bootstrap.source!r}, which is not in "
            "`external_clusters`, so there is no address to clone from. Add it there."
        )


def _check_sizes(args: PostgresArgs) -> None:
    if args.synchronous is not None and args.synchronous.number >= args.instances:
        raise ValueError(
            f"{args.cluster_name}: {args.instances} instance(s) cannot have {args.synchronous.number} synchronous "
            "standby(s), and no commit would return. Raise `instances`, or set `synchronous` to None."
        )
    if not FIRST_NODE_PORT <= args.node_port <= LAST_NODE_PORT:
        raise ValueError(
            f"{args.cluster_name}: `node_port` {args.node_port} is outside {FIRST_NODE_PORT}-{LAST_NODE_PORT}, the "
            "range that Kubernetes gives to NodePorts. Choose one inside it."
        )
    if args.backup_schedule is not None and args.object_store is None:
        raise ValueError(
            f"{args.cluster_name}: `backup_schedule` needs somewhere to put backups. Set `object_store` too."
        )


def _check_replication(args: PostgresArgs) -> None:
    if (args.replication_auth == "password") != (args.replication_password is not None):
        raise ValueError(
            f"{args.cluster_name}: `replication_auth` is {args.replication_auth} and `replication_password` is "
            f"{'missing' if args.replication_password is None else 'set'}. The password belongs to the mode "
            "`password`, in every region the same one; set both or neither."
        )
    known = {external.name for external in args.external_clusters}
    for subscription in args.subscriptions:
        if subscription.external_cluster not in known:
            raise ValueError(
                f"{args.cluster_name}: the subscription {subscription.name!r} names "
                f"{subscription.external_cluster!r}, which is not in `external_clusters`. Add it there."
            )
