// SPDX-License-Identifier: Apache-2.0

/// The `berth` command.
public enum CommandLineTool {
    /// Runs the command of this process and ends the process with its status.
    public static func main() {}
}
