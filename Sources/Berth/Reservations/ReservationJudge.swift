// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Judges whether reservations have come to their end. Only proof counts: what
/// cannot be told is taken for going on.
struct ReservationJudge {
    /// Milliseconds since 1970. The wall clock decides nothing but idleness,
    /// for want of another that survives a restart.
    let now: Int64
    /// Nanoseconds of `Clock.boot`.
    let sinceBoot: UInt64
    /// The machine as this process sees it; asked for only where it is needed.
    let surroundings: () throws(SystemError) -> Holder.Surroundings
    let observe: (_ process: Int32) -> ProcessObservation
    /// Whether a directory is gone, as ``isGone(_:)`` tells.
    let isGone: (_ path: String) -> Bool

    /// Judges by this machine as it is now.
    static var live: ReservationJudge { at(Clock.wallMilliseconds) }

    /// The same at another moment of the wall clock.
    static func at(_ now: Int64) -> ReservationJudge {
        var known: Holder.Surroundings?
        return ReservationJudge(
            now: now, sinceBoot: Clock.boot,
            surroundings: { () throws(SystemError) in
                if let known { return known }
                let here = try Holder.Surroundings.current()
                known = here
                return here
            },
            observe: { ProcessTable.observe($0) }, isGone: Self.isGone)
    }

    /// A directory is gone where its name is proven to lead nowhere: not where
    /// a permission, a loop of links or a device stands in the way.
    static func isGone(_ path: String) -> Bool {
        do throws(SystemError) {
            _ = try FileCalls.status(ofPath: path)
            return false
        } catch {
            return error.errno == .noEntry || error.errno == .notDirectory
        }
    }

    /// Why terms have run out; nil where they have not.
    func end(of terms: ReservationTerms) throws(CoordinatorError) -> ReservationEnd? {
        if terms.holder == nil && terms.lease == nil { return nil }
        let here = try here()
        if let holder = terms.holder,
            HolderStatus.of(holder, from: here, observation: observe) == .dead
        {
            return .processEnded
        }
        if let lease = terms.lease, lease.hasEnded(from: here, at: sinceBoot) { return .leaseEnded }
        return nil
    }

    /// Whether nobody has asked for it for so many days. A moment that lies
    /// ahead is one of a clock that was set back, and proves nothing.
    func isIdle(since used: Int64, days: Int) -> Bool {
        now - used >= Int64(days) * 86_400_000
    }

    /// The terms that a caller asks for.
    func terms(_ wish: ReservationWish) throws(CoordinatorError) -> ReservationTerms {
        var terms = ReservationTerms()
        if let process = wish.process {
            let holder: Holder?
            do throws(SystemError) {
                holder = try Holder.living(process)
            } catch {
                throw .system("cannot look at the process " + String(process), error)
            }
            guard let holder else {
                throw CoordinatorError(.notFound, "there is no process " + String(process))
            }
            terms.holder = holder
        }
        if let length = try wish.nanoseconds() {
            terms.lease = ReservationLease(length, from: try here(), at: sinceBoot)
        }
        return terms
    }

    private func here() throws(CoordinatorError) -> Holder.Surroundings {
        do throws(SystemError) {
            return try surroundings()
        } catch {
            throw .system("cannot tell which run of the machine this is", error)
        }
    }
}
