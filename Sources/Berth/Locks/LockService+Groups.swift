// SPDX-License-Identifier: Apache-2.0

extension LockService {
    /// Takes several locks, or none of them. Blocks the current thread.
    ///
    /// They are taken in the order of their names, whatever the order of the
    /// requests: two who do so never wait for each other in a circle. A name
    /// that is asked for twice is taken once.
    ///
    /// - Returns: The locks, in the order of their names; nil where another
    ///   holds one of them and its request has no patience.
    /// - Throws: As `acquire`; nothing is held then.
    package func acquireAll(_ requests: [Request]) throws(CoordinatorError) -> [HeldTicket]? {
        if requests.count == 1 { return try acquire(requests[0]).map { [$0] } }
        var held: [HeldTicket] = []
        let sorted = requests.sorted {
            $0.name.text.utf8.lexicographicallyPrecedes($1.name.text.utf8)
        }
        for var request in sorted where request.name != held.last?.name {
            do throws(CoordinatorError) {
                for outer in held {
                    request.under = try HeldLocks.entries(request.under, and: outer)
                }
                if let ticket = try acquire(request) {
                    held.append(ticket)
                    continue
                }
            } catch {
                for ticket in held.reversed() { ticket.release() }
                throw error
            }
            for ticket in held.reversed() { ticket.release() }
            return nil
        }
        return held
    }
}
