// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Whether a claim still holds, and if not, why.
enum ClaimVerdict: Hashable {
    case holds
    /// The machine was started again: nobody is to blame.
    case rebooted
    /// Its worker has died.
    case died
    case leaseEnded
    /// Its attempt has taken longer than it may, and its worker did not end it.
    case timedOut

    /// How much longer than a timeout a worker that lives is given to end its
    /// job itself.
    static var patience: UInt64 { 5000 }

    /// Judges a claim. Only proof counts, and what the job itself has asked for.
    ///
    /// - Parameters:
    ///   - claim: The claim.
    ///   - here: The machine as this process sees it.
    ///   - now: Milliseconds since the boot.
    ///   - isAlive: What a member's presence says; nil where it is gone.
    ///   - observe: What the machine says of a process.
    /// - Returns: The verdict.
    static func of(
        _ claim: JobClaim, from here: Holder.Surroundings, at now: UInt64,
        isAlive: (_ member: String) throws -> Bool?,
        observe: (_ process: Int32) -> ProcessObservation
    ) rethrows -> ClaimVerdict {
        let there = claim.holder.surroundings
        if there.boot != here.boot {
            // Of another machine nothing can be said.
            return there.host == here.host ? .rebooted : .holds
        }
        if try isDead(claim, from: here, isAlive: isAlive, observe: observe) { return .died }
        // Two time namespaces count from different moments.
        guard there.timeNamespace == here.timeNamespace else { return .holds }
        if let end = claim.leaseEnd, now >= end { return .leaseEnded }
        if let end = claim.timeoutEnd {
            let patience = claim.member == nil ? 0 : patience
            if now >= end + patience { return .timedOut }
        }
        return .holds
    }

    private static func isDead(
        _ claim: JobClaim, from here: Holder.Surroundings,
        isAlive: (_ member: String) throws -> Bool?,
        observe: (_ process: Int32) -> ProcessObservation
    ) rethrows -> Bool {
        if let member = claim.member, let isAlive = try isAlive(member) { return !isAlive }
        if claim.proof == .lease { return false }
        return HolderStatus.of(claim.holder, from: here, observation: observe) == .dead
    }

    /// When a claim may next come to be judged in another way, in milliseconds
    /// since the boot, without anything that is heard of.
    static func next(_ deadline: UInt64, ofMember isMember: Bool) -> UInt64 {
        isMember ? deadline + patience : deadline
    }
}
