// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// That a worker is at a job.
public struct JobClaim: Hashable, Sendable {
    /// What tells this claim of the job from every other: each change that the
    /// worker makes is refused where the job has another by then.
    public let token: UInt64
    /// When the job was claimed, in milliseconds since 1970.
    public let since: Int64
    /// The process that claimed it, or for which it was claimed.
    public var process: Int32 { holder.process }

    let holder: Holder
    /// How it is known whether the worker lives.
    let proof: Proof
    /// When the claim ends by itself, in milliseconds since the boot.
    var leaseEnd: UInt64?
    /// When the attempt must have ended, in milliseconds since the boot.
    var timeoutEnd: UInt64?

    enum Proof: Hashable {
        /// By the presence of this member, which does the work in its own process.
        case member(String)
        /// By the same, which runs a command; that may outlive it, and then
        /// holds the attempt's file.
        case command(of: String)
        /// By the process alone.
        case process
        /// Not at all: the lease alone ends it.
        case lease
    }

    /// The member of the ring that claimed it, where it was one.
    var member: String? {
        switch proof {
        case .member(let member), .command(of: let member): member
        case .process, .lease: nil
        }
    }

    /// The sooner one of the moments at which it ends without the worker.
    var deadline: UInt64? {
        guard let leaseEnd else { return timeoutEnd }
        return timeoutEnd.map { min($0, leaseEnd) } ?? leaseEnd
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("token", token)
        writer.member("since", since)
        switch proof {
        case .member(let member): writer.member("member", member)
        case .command(of: let member):
            writer.member("member", member)
            writer.member("command", true)
        case .process: writer.member("byProcess", true)
        case .lease: break
        }
        if let leaseEnd { writer.member("lease", leaseEnd) }
        if let timeoutEnd { writer.member("timeout", timeoutEnd) }
        holder.write(to: &writer)
        writer.endObject()
    }

    init(
        token: UInt64, since: Int64, holder: Holder, proof: Proof, leaseEnd: UInt64?,
        timeoutEnd: UInt64?
    ) {
        self.token = token
        self.since = since
        self.holder = holder
        self.proof = proof
        self.leaseEnd = leaseEnd
        self.timeoutEnd = timeoutEnd
    }

    init?(_ fields: JSONFields) {
        guard let token: UInt64 = fields.integer("token"),
            let since: Int64 = fields.integer("since"), let holder = Holder(fields)
        else { return nil }
        self.token = token
        self.since = since
        self.holder = holder
        if let member = fields.string("member") {
            proof = fields.bool("command") == true ? .command(of: member) : .member(member)
        } else {
            proof = fields.bool("byProcess") == true ? .process : .lease
        }
        leaseEnd = fields.integer("lease")
        timeoutEnd = fields.integer("timeout")
    }
}
