// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// How the answer to a change is kept.
struct OutcomeFormat<Result> {
    /// As JSON on one line.
    let encode: (Result) throws -> [UInt8]
    /// Nil where it is not one.
    let decode: ([UInt8]) throws -> Result?
}

extension OutcomeFormat<UInt64> {
    /// A version.
    static var version: OutcomeFormat {
        OutcomeFormat(
            encode: { version in
                var digits: [UInt8] = []
                digits.append(decimal: version)
                return digits
            }, decode: { UInt64(decimal: $0[...]) })
    }
}

extension OutcomeFormat<PortPlan> {
    /// An older version kept the reservation alone, whether it began or ended.
    static var plan: OutcomeFormat {
        OutcomeFormat(
            encode: { $0.json },
            decode: { json in
                if let plan = PortPlan(json: json) { return plan }
                var plan = PortPlan()
                guard let reservation = PortReservation(json: json) else { return nil }
                plan.changes = [.ended(reservation, because: .replaced), .renewed(reservation)]
                return plan
            })
    }
}

extension Coordinator {
    /// One transaction, which happens at most once where it has an id.
    func write<Result>(
        _ name: String, once id: OperationID?, of request: @autoclosure () -> [UInt8],
        isEssential: Bool = false, makesStore: Bool = true, _ format: OutcomeFormat<Result>,
        _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        guard let id else {
            return try write(name, isEssential: isEssential, makesStore: makesStore, body)
        }
        let operation = Operation(id: id, name: name, request: request())
        return try write(name, isEssential: isEssential, makesStore: makesStore) { transaction in
            if let first = try transaction.outcome(of: operation) {
                return try operation.decoded(first, format)
            }
            let result = try body(&transaction)
            try transaction.keep(try format.encode(result), of: operation)
            return result
        }
    }

    /// The outcome of a change, where it was made, is durable, and is not forgotten.
    func outcome<Result>(
        of operation: Operation, _ format: OutcomeFormat<Result>
    ) throws -> Result? {
        try read { view in
            try view.record(operation.record).map {
                try operation.decoded(try operation.outcome(in: $0), format)
            }
        }
    }
}

extension Operation {
    fileprivate func decoded<Result>(
        _ outcome: [UInt8], _ format: OutcomeFormat<Result>
    ) throws -> Result {
        guard let result = try format.decode(outcome) else {
            throw CoordinatorError(
                .damaged, "the record " + record.text + " is not one of such an operation")
        }
        return result
    }
}
