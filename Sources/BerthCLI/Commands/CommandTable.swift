// SPDX-License-Identifier: Apache-2.0

/// The commands of `berth`, by name.
enum CommandTable {
    /// Every command that people use, in the order of the help.
    static var all: [any Command.Type] {
        [
            LockCommand.self, UnlockCommand.self, LocksCommand.self, FlockCommand.self,
            KeyValueGet.self, KeyValueSet.self, KeyValueDelete.self, KeyValueList.self,
            KeyValueUpdate.self,
            PortReserve.self, PortRun.self, PortRelease.self, PortList.self, PortListProjects.self,
            PortInfo.self, PortScan.self, PortAssertPort.self, PortAssertReservation.self,
            PortPrune.self, PortExpire.self,
            PortAutoclean.self, PortMigrate.self, PortReserveGroup.self, PortAutoreserve.self,
            PortExclude.self, PortCompactExclusions.self, PortShowPath.self, PortInit.self,
            PortValidate.self,
            PoolCreate.self, PoolAdd.self, PoolRemove.self, PoolDrop.self, PoolList.self,
            PoolShow.self, PoolTake.self, PoolGive.self, PoolRun.self,
            JobAdd.self, JobTake.self, JobDone.self, JobFail.self, JobSnooze.self,
            JobRelease.self, JobExtend.self, JobSetProgress.self, JobCancel.self, JobRetry.self,
            JobRedrive.self, JobShow.self, JobList.self, JobLogCommand.self, JobWait.self,
            JobQueues.self, JobPause.self, JobResume.self, JobDrain.self, JobLimit.self,
            JobPrune.self, WorkCommand.self,
            StoreInit.self, StoreInfo.self, StoreVerify.self, StoreBackup.self, StoreDump.self,
            StoreRestore.self, StoreCompact.self, StoreSalvage.self, StoreDoctor.self,
            HelpCommand.self, CompletionsCommand.self,
        ]
    }

    /// The command that goes by a name, in a group by two; nil where there is none.
    ///
    /// A switch, because a dictionary would cost each start more than the
    /// lookup it saves.
    static func command(_ name: String, _ member: String? = nil) -> (any Command.Type)? {
        switch (name, member) {
        case ("lock", nil): LockCommand.self
        case ("unlock", nil): UnlockCommand.self
        case ("locks", nil): LocksCommand.self
        case ("flock", nil): FlockCommand.self
        case ("kv", "get"): KeyValueGet.self
        case ("kv", "set"): KeyValueSet.self
        case ("kv", "delete"): KeyValueDelete.self
        case ("kv", "list"): KeyValueList.self
        case ("kv", "update"): KeyValueUpdate.self
        case ("job", let verb?): job(verb)
        case ("work", nil): WorkCommand.self
        case ("pool", let verb?): pool(verb)
        case ("port", let verb?): port(verb)
        case ("store", "init"): StoreInit.self
        case ("store", "info"): StoreInfo.self
        case ("store", "verify"): StoreVerify.self
        case ("store", "backup"): StoreBackup.self
        case ("store", "dump"): StoreDump.self
        case ("store", "restore"): StoreRestore.self
        case ("store", "compact"): StoreCompact.self
        case ("store", "salvage"): StoreSalvage.self
        case ("store", "doctor"): StoreDoctor.self
        case ("store", "probe-lock"): LockProbe.self
        case ("store", "merge-runs"): MergeHelper.self
        case ("help", nil): HelpCommand.self
        case ("completions", nil): CompletionsCommand.self
        default: nil
        }
    }

    private static func pool(_ verb: String) -> (any Command.Type)? {
        switch verb {
        case "create": PoolCreate.self
        case "add": PoolAdd.self
        case "remove": PoolRemove.self
        case "drop": PoolDrop.self
        case "list": PoolList.self
        case "show": PoolShow.self
        case "take": PoolTake.self
        case "give": PoolGive.self
        case "run": PoolRun.self
        default: nil
        }
    }

    private static func port(_ verb: String) -> (any Command.Type)? {
        switch verb {
        case "reserve": PortReserve.self
        case "release": PortRelease.self
        case "list": PortList.self
        case "list-projects": PortListProjects.self
        case "info": PortInfo.self
        case "scan": PortScan.self
        case "run": PortRun.self
        case "assert-port": PortAssertPort.self
        case "assert-reservation": PortAssertReservation.self
        case "prune": PortPrune.self
        case "expire": PortExpire.self
        case "autoclean": PortAutoclean.self
        case "migrate": PortMigrate.self
        case "reserve-group": PortReserveGroup.self
        case "autoreserve": PortAutoreserve.self
        case "exclude": PortExclude.self
        case "compact-exclusions": PortCompactExclusions.self
        case "show-path": PortShowPath.self
        case "init": PortInit.self
        case "validate": PortValidate.self
        default: nil
        }
    }

    private static func job(_ verb: String) -> (any Command.Type)? {
        switch verb {
        case "add": JobAdd.self
        case "claim": JobTake.self
        case "done": JobDone.self
        case "fail": JobFail.self
        case "snooze": JobSnooze.self
        case "release": JobRelease.self
        case "extend": JobExtend.self
        case "progress": JobSetProgress.self
        case "cancel": JobCancel.self
        case "retry": JobRetry.self
        case "redrive": JobRedrive.self
        case "show": JobShow.self
        case "list": JobList.self
        case "log": JobLogCommand.self
        case "wait": JobWait.self
        case "queues": JobQueues.self
        case "pause": JobPause.self
        case "resume": JobResume.self
        case "drain": JobDrain.self
        case "limit": JobLimit.self
        case "prune": JobPrune.self
        default: nil
        }
    }

    /// Whether a name is that of a group, whose commands have a second name.
    static func isGroup(_ name: String) -> Bool {
        switch name {
        case "job", "kv", "pool", "port", "store": true
        default: false
        }
    }
}
