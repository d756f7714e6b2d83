// SPDX-License-Identifier: Apache-2.0

/// The commands of `berth`, by name.
enum CommandTable {
    /// Every command that people use, in the order of the help.
    static var all: [any Command.Type] {
        [
            LockCommand.self, UnlockCommand.self, LocksCommand.self,
            KeyValueGet.self, KeyValueSet.self, KeyValueDelete.self, KeyValueList.self,
            KeyValueUpdate.self,
            PortReserve.self, PortRelease.self, PortList.self,
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
        case ("kv", "get"): KeyValueGet.self
        case ("kv", "set"): KeyValueSet.self
        case ("kv", "delete"): KeyValueDelete.self
        case ("kv", "list"): KeyValueList.self
        case ("kv", "update"): KeyValueUpdate.self
        case ("port", "reserve"): PortReserve.self
        case ("port", "release"): PortRelease.self
        case ("port", "list"): PortList.self
        case ("job", "add"): JobAdd.self
        case ("job", "claim"): JobTake.self
        case ("job", "done"): JobDone.self
        case ("job", "fail"): JobFail.self
        case ("job", "snooze"): JobSnooze.self
        case ("job", "release"): JobRelease.self
        case ("job", "extend"): JobExtend.self
        case ("job", "progress"): JobSetProgress.self
        case ("job", "cancel"): JobCancel.self
        case ("job", "retry"): JobRetry.self
        case ("job", "redrive"): JobRedrive.self
        case ("job", "show"): JobShow.self
        case ("job", "list"): JobList.self
        case ("job", "log"): JobLogCommand.self
        case ("job", "wait"): JobWait.self
        case ("job", "queues"): JobQueues.self
        case ("job", "pause"): JobPause.self
        case ("job", "resume"): JobResume.self
        case ("job", "drain"): JobDrain.self
        case ("job", "limit"): JobLimit.self
        case ("job", "prune"): JobPrune.self
        case ("work", nil): WorkCommand.self
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
        case ("help", nil): HelpCommand.self
        case ("completions", nil): CompletionsCommand.self
        default: nil
        }
    }

    /// Whether a name is that of a group, whose commands have a second name.
    static func isGroup(_ name: String) -> Bool {
        switch name {
        case "kv", "port", "job", "store": true
        default: false
        }
    }
}
