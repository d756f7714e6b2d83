// SPDX-License-Identifier: Apache-2.0

import Berth

/// `--operation-id ID`: a change that was asked for before happens no second time.
enum OperationOption {
    static var syntax: OptionSyntax {
        .value("operation-id", nil, "ID", "do it once: a second call with ID gets the first answer")
    }

    fileprivate static func id(
        _ arguments: ArgumentReader
    ) throws -> OperationID? {
        guard let text = try arguments.text("operation-id") else { return nil }
        return try OperationID(text)
    }
}

extension Coordinator {
    /// The values, to be changed under the id that is given.
    func values(_ arguments: ArgumentReader) throws -> Values {
        try OperationOption.id(arguments).map { values.once($0) } ?? values
    }

    /// The ports, to be changed under the id that is given.
    func ports(_ arguments: ArgumentReader) throws -> Ports {
        try OperationOption.id(arguments).map { ports.once($0) } ?? ports
    }
}
