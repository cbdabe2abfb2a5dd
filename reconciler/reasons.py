"""Every reason that a condition, an Event or a metric may carry.

Reasons are words for programs: they are stable, and documented by `docs/reference/reasons.md`, which is made from here.
A phase that needs a new one adds it here, with the sentence that a person at three in the morning wants to read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A CamelCase word; `doc` is its meaning."""

    doc: str

    def __new__(cls, value: str, doc: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    # Every kind
    RECONCILED = "Reconciled", "The object is as its spec says."
    PROGRESSING = "Progressing", "Headgate is on its way to what the spec says."
    RETRYING = "Retrying", "Something outside failed several times in a row; Headgate goes on trying."
    INTERNAL_ERROR = "InternalError", "Headgate itself failed on this object; its log has the details; tried again."
    API_SERVER_REFUSED = "ApiServerRefused", "The API server refused a write by RBAC, quota or validation; tried again."
    API_SERVER_UNAVAILABLE = "ApiServerUnavailable", "The API server did not answer or failed; tried again."
    INVALID_SPEC = "InvalidSpec", "The stored spec cannot be followed; the message names the field. Change it."
    PAUSED = "Paused", "spec.paused is set: Headgate changes nothing."

    # Brokers, and the queues read from them
    OBSERVED = "Observed", "The queue is read from its broker."
    FAILOVER_SUSPECTED = (
        "FailoverSuspected",
        "Another server answers, or jobs vanished; for a minute no pool shrinks by it.",
    )
    BROKER_UNREACHABLE = (
        "BrokerUnreachable",
        "The broker does not answer, or closes the connection; pools hold meanwhile.",
    )
    BROKER_LOADING = "BrokerLoading", "The broker is up and answers nothing yet: it loads its data or runs a script."
    BROKER_RECOVERED = "BrokerRecovered", "The broker can be read again."
    CREDENTIALS_REFUSED = "CredentialsRefused", "The broker refuses the user, the password, or a command to this user."
    CREDENTIALS_MISSING = (
        "CredentialsMissing",
        "A Secret that the queue names, or a key in it, is not there or not readable.",
    )
    SECRET_NOT_TRUSTED = (
        "SecretNotTrusted",
        "The Secret lacks the label headgate.dev/broker-credentials, so it is not used.",
    )
    HOST_REFUSED = "HostRefused", "Nothing is sent to this host: the Secret is not for it, or it is local to the node."
    ADDRESS_INVALID = "AddressInvalid", "The broker's address cannot be understood, or leads to another kind of server."
    TLS_FAILED = "TLSFailed", "No secured connection: a certificate is wrong, expired, or of an unknown authority."
    WRONG_TYPE = "WrongType", "A key of the queue holds another type than its layout says; the message names it."
    REPLY_INVALID = (
        "ReplyInvalid",
        "The server answers something that a broker does not, or refuses a command as unknown.",
    )
    QUEUE_NOT_FOUND = (
        "QueueNotFound",
        "RabbitMQ has no queue of this name in its vhost; pools hold until whoever uses it has declared it.",
    )
    QUERY_INVALID = (
        "QueryInvalid",
        "A query of broker.prometheus.queries does not give one number of jobs or seconds; the message names it.",
    )
    NO_DATA = (
        "NoData",
        "Prometheus has no present value for queries.waiting: nothing, NaN, or an old one; pools hold meanwhile.",
    )
    LAYOUT_NOT_SUPPORTED = "LayoutNotSupported", "This release cannot read queues of this kind; pools hold."
    CONFIG_FOLLOWED = "ConfigFollowed", "No worker of the queue follows an older configuration than the present one."
    CONFIG_PENDING = "ConfigPending", "Some workers have yet to read the queue's present configuration."
    ABOVE_ALERT = "AboveAlert", "There are more dead letters than deadLetter.alertAbove."
    DEAD_LETTERS_APPEARED = "DeadLettersAppeared", "The dead letters went above deadLetter.alertAbove."

    # The size of pools
    FOLLOWING = "Following", "Replicas follow the queues."
    HELD = "Held", "spec.hold keeps the replicas; autoscaling is off until it is lifted or expires."
    QUEUE_UNREADABLE = "QueueUnreadable", "A queue cannot be read, so the pool may grow but does not shrink."
    QUEUE_MISSING = "QueueMissing", "A queue that the pool names does not exist."
    AT_MAX_REPLICAS = "AtMaxReplicas", "The jobs call for more than scaling.maxReplicas."
    RATE_LIMITED = "RateLimited", "The jobs call for more, but the rate limit of their queue keeps no more busy."
    INEFFECTIVE = (
        "Ineffective",
        "More workers completed no more jobs: the pool goes back to what it had, and a few more are tried later.",
    )
    TARGET_UNREACHABLE = (
        "TargetUnreachable",
        "A worker takes longer to start than jobs may wait, so a jump in load breaks the wait target.",
    )
    ANOTHER_AUTOSCALER = (
        "AnotherAutoscaler",
        "An autoscaler that is not Headgate sets the replicas; Headgate does not fight it. Remove it.",
    )
    SCHEDULE_INVALID = "ScheduleInvalid", "One of scaling.schedules cannot be followed; the others are."
    BUDGET_SPENT = "BudgetSpent", "A Policy's budget leaves the pool fewer replicas than its jobs call for."
    SCALED_UP = "ScaledUp", "More replicas are wanted than before; the message says why."
    SCALED_DOWN = "ScaledDown", "Fewer replicas are wanted than before; the message says why."

    # Policies, and the objects under them
    COMPLIANT = "Compliant", "The stored object breaks no policy."
    VIOLATED = "Violated", "The stored object breaks a policy; the message says which, and where."
    EXEMPTED = "Exempted", "The stored object would break a policy, and an exemption lets it."
    IN_FORCE = "InForce", "The policy is compiled and judges every write."
    SAFE_TO_DENY = "SafeToDeny", "The policy warns or audits, and for 7 days nothing stored would have been refused."
    DOES_NOT_COMPILE = "DoesNotCompile", "The policy cannot be understood as a whole; the message names the place."
    CONTRADICTED = (
        "Contradicted",
        "No object can keep this policy and another one; the message says what excludes what.",
    )
    EXEMPTION_ENDING = "ExemptionEnding", "An exemption ends within 14 days; its rules hold again then."
    EXEMPTION_ENDED = "ExemptionEnded", "An exemption ended; its rules hold again."
    CHILD_CHANGED = "ChildChanged", "Somebody else changed what Headgate made; the message says who, and what."
    CHILD_REVERTED = "ChildReverted", "What somebody else changed of Headgate's was changed back."
    BREAK_GLASS = (
        "BreakGlass",
        "Somebody took responsibility for this object by the annotation headgate.dev/break-glass.",
    )
    BREAK_GLASS_ENDED = (
        "BreakGlassEnded",
        "Break-glass is over, was for longer than 24 hours or could not be read, and was taken off; or it came back.",
    )

    # Workers
    SCALED_TO_ZERO = "ScaledToZero", "There is nothing to do and minReplicas is 0, so there are no workers."
    REVISION_CREATED = "RevisionCreated", "A changed spec got a Deployment of its own."
    REVISION_LIMIT = "RevisionLimit", "Four revisions still have workers; the newest spec waits for one to be drained."
    NO_ROOM = (
        "NoRoom",
        "A worker of the new revision finds no place: quota, or no node has room; the message says more.",
    )
    ROLLOUT_FAILED = (
        "RolloutFailed",
        "The revision has not proved itself within rollout.progressDeadline; an older one that still serves goes on.",
    )
    ROLLED_BACK = "RolledBack", "The new revision has failed and the one before it serves again."
    LATENCY_BREACH = (
        "LatencyBreach",
        "Jobs wait longer than their target, so the rollout waits: onLatencyBreach is Pause.",
    )
    ROLLOUT_PAUSED = "RolloutPaused", "Somebody paused the rollout: new workers start within the surge, old ones stay."
    NAME_TAKEN = "NameTaken", "An object of the name that a child needs belongs to somebody else, or to a former pool."
    ROLLING_OUT = "RollingOut", "Workers of an older revision are being replaced."
    DRAINING = "Draining", "Workers were asked to finish what they run; they go when they have proved themselves idle."
    DRAIN_TIMED_OUT = (
        "DrainTimedOut",
        "A worker drains for longer than drain.timeout; drain.onTimeout says what follows.",
    )
    ENFORCED = "Enforced", "The API server itself refuses to delete a worker that has not been drained."
    BEST_EFFORT = (
        "BestEffort",
        "spec.drain.guard leaves deletes open: nothing stops others from deleting a busy worker.",
    )
    WARM_STOP = "WarmStop", "Workers cannot prove themselves idle: they get SIGTERM and their grace period, no more."
    GUARD_MISSING = (
        "GuardMissing",
        "spec.drain.guard is Deletes, but the API server would let a busy worker be deleted: a chart is too old.",
    )
    GUARD_UNTRIED = "GuardUntried", "No worker has run yet on which the delete guard could be tried."
    UNREADY_WORKER = (
        "UnreadyWorker",
        "A worker that is not ready would be removed instead of a drained one, so nothing is removed until it is.",
    )
    DRAINED = "Drained", "The queue was deleted after all of its jobs had been worked off."
    QUEUE_ABANDONED = (
        "QueueAbandoned",
        "The queue was deleted while no WorkerPool works it off; its jobs stay at the broker.",
    )
    DEAD_LETTERS_KEPT = (
        "DeadLettersKept",
        "Deleting the queue waits while there are dead letters: deletionPolicy Block.",
    )
    PURGED = (
        "Purged",
        "The queue was deleted, and with it its jobs or dead letters at the broker: deletionPolicy Purge.",
    )
    NAMESPACE_ENDS = (
        "NamespaceEnds",
        "The namespace is being deleted and takes everything along; nothing is waited for.",
    )
    TAKING_OVER = "TakingOver", "Workers of the Deployment that takeOver names leave as those of an old revision do."
    TAKEN_OVER = "TakenOver", "The Deployment that takeOver names has no workers left."
    TAKE_OVER_WAITS = "TakeOverWaits", "The Deployment that takeOver names rolls out by itself; that is waited for."
    TAKE_OVER_REFUSED = "TakeOverRefused", "The Deployment that takeOver names belongs to a WorkerPool already."
    CANNOT_PROVE = (
        "CannotProve",
        "Workers have no way to show that they are idle, so none is removed; the message says what to do.",
    )
    RESIZING = "Resizing", "Workers are given other resources where they are; nobody is restarted."
    RESIZE_REFUSED = (
        "ResizeRefused",
        "The cluster cannot give these resources to running workers, so a new revision brings them.",
    )
    WORKERS_REMOVED = "WorkersRemoved", "Workers that were drained, or whose time was over, were removed."
    DRAIN_CANCELLED = "DrainCancelled", "Workers that were asked to drain are wanted again, and go on."

    # The certificates of the install; told of its Service, for no object of ours stands for an install
    CERTIFICATES_CHANGED = (
        "CertificatesChanged",
        "Authority or leaf of the webhook took the step that the message names.",
    )
    CA_BUNDLE_RESTORED = (
        "CaBundleRestored",
        "Webhooks of the install did not hold its authority in caBundle, so applies were refused; they do now.",
    )
    CERTIFICATES_NOT_KEPT = (
        "CertificatesNotKept",
        "The certificates or their injection cannot be looked after; the message says why; tried again.",
    )
