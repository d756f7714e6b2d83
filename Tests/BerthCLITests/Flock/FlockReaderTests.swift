// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Testing

@testable import BerthCLI

@Suite("Command lines of flock")
struct FlockReaderTests {
    private func request(_ line: String) throws -> FlockRequest {
        let words = line.split(separator: " ").map { Argument(String($0)) }
        return try FlockReader.request(words, FlockCommand.syntax.options)
    }

    private func plan(_ line: String) throws -> FlockPlan {
        guard case .lock(let plan) = try request(line) else {
            throw FlockUsageError(message: "no plan for " + line)
        }
        return plan
    }

    private func complaint(_ line: String) -> String? {
        do {
            _ = try request(line)
            return nil
        } catch let error as FlockUsageError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    // MARK: Forms

    @Test func theFormsTellFilesDescriptorsAndCommandsApart() throws {
        let words = try plan("f true a")
        #expect(words.lock.subject == .file(Array("f".utf8)))
        #expect(words.command == .words(["true", "a"]))
        #expect(try plan("f -c true").command == .shell("true"))
        #expect(try plan("f --command true").command == .shell("true"))
        #expect(try plan("9").lock.subject == .descriptor(9))
        #expect(try plan("9").command == .none)
        #expect(try plan("9 true").lock.subject == .file(Array("9".utf8)))
        let descriptor = try plan("--fd 9 true a")
        #expect(descriptor.lock.subject == .descriptor(9))
        #expect(descriptor.command == .words(["true", "a"]))
        #expect(try plan("--fd 9 -c true").command == .shell("true"))
        #expect(try plan("-c --fd 9 true").command == .shell("true"))
    }

    @Test func optionsEndAtTheFirstOperand() throws {
        #expect(try plan("f -n true").command == .words(["-n", "true"]))
        #expect(try plan("f -n true").isWaiting)
        #expect(try plan("f -- true").command == .words(["--", "true"]))
        #expect(try plan("-- f true").command == .words(["true"]))
        #expect(try plan("-- -n true").lock.subject == .file(Array("-n".utf8)))
        #expect(try plan("- true").lock.subject == .file(Array("-".utf8)))
    }

    // MARK: Options

    @Test(arguments: [
        ("f true", FileLockKind.exclusive), ("-s f true", .shared), ("-u f true", .unlocked),
        ("-e f true", .exclusive), ("-x f true", .exclusive), ("-sx f true", .exclusive),
        ("-xsu f true", .unlocked), ("-us f true", .shared), ("--shared -e f true", .exclusive),
    ])
    func theLastKindCounts(line: String, kind: FileLockKind) throws {
        #expect(try plan(line).lock.kind == kind)
    }

    @Test func lettersAndNamesMeanTheSame() throws {
        let short = try plan("-snoE 5 -w 1.5 f true")
        let long = try plan(
            "--shared --nonblocking --close --conflict-exit-code 5 --timeout 1.5 f true")
        #expect(short == long)
        #expect(try plan("-snoE5 -w1.5 f true") == short)
        #expect(try plan("--sh --nb --clo --conflict-exit-code=5 --wait=1.5 f true") == short)
        #expect(!short.isWaiting && short.isFileClosed && short.isOwnProcess)
        #expect(short.conflictStatus == 5)
        #expect(short.microseconds == 1_500_000)
        #expect(try !plan("-F f true").isOwnProcess)
        #expect(try plan("--verbo f true").isVerbose)
        #expect(try plan("--nonblock f true") == plan("-n f true"))
    }

    @Test func aRangeImpliesFcntl() throws {
        #expect(try plan("f true").lock.range == nil)
        #expect(try plan("--fcntl f true").lock.range == FileLockRange(start: 0, length: 0))
        let range = FileLockRange(start: 1, length: 2048)
        #expect(try plan("--start 1 --length 2K f true").lock.range == range)
        #expect(try plan("--length 2K --start 1 --fcntl f true").lock.range == range)
    }

    @Test func helpAndVersionAreAnsweredAtOnce() throws {
        #expect(try request("-h --bogus") == .help)
        #expect(try request("--he") == .help)
        #expect(try request("-nV") == .version)
        #expect(complaint("--bogus -h") == "unrecognized option '--bogus'")
    }

    // MARK: Complaints

    @Test(arguments: [
        ("", "not enough arguments"), ("-z f true", "unrecognized option '-z'"),
        ("-nz f true", "unrecognized option '-nz'"), ("-? f true", "unrecognized option '-?'"),
        ("--no 1", "unrecognized option '--no'"),
        ("--verbose=1 f", "unrecognized option '--verbose=1'"),
        ("--comm x f", "unrecognized option '--comm'"), ("-nc true", "unrecognized option '-nc'"),
        ("-w", "option '-w' requires an argument"), ("-nE", "option '-nE' requires an argument"),
        ("--timeout", "option '--timeout' requires an argument"),
        ("-w x f true", "invalid timeout: 'x'"),
        (
            "-E 256 f true",
            "invalid exit code (allowed values: 0-255): '256': \(Errno.outOfRange.description)"
        ),
        ("-E x f true", "invalid exit code (allowed values: 0-255): 'x'"),
        ("-F -o f true", "the --no-fork and --close options are incompatible"),
        ("f -c", "-c requires exactly one command argument"),
        ("f --command a b", "--command requires exactly one command argument"),
        ("-c true f", "-c requires exactly one command argument"),
        ("f", "invalid file descriptor: 'f'"), ("3x", "invalid file descriptor: '3x'"),
        ("-- -1", "missing file descriptor, file or directory"),
        ("-n", "missing file descriptor, file or directory"),
        ("-c true", "missing file descriptor, file or directory"),
        ("--fd -1 true", "missing file descriptor, file or directory"),
        ("--fd 9", "missing command"), ("--fd x true", "invalid file descriptor: 'x'"),
        ("--start x f true", "invalid as start offset: 'x': \(Errno.invalid.description)"),
    ])
    func whatIsWrongIsSaid(line: String, message: String) {
        #expect(complaint(line) == message)
    }

    @Test func aCommandLineThatIsNotUnderstoodIsStatus64() {
        let run = CommandRun(["flock", "--bogus"])
        #expect(run.status == 64)
        #expect(
            run.errors == """
                flock: unrecognized option '--bogus'
                Try 'berth flock --help' for more information.

                """)
        #expect(CommandRun(["flock", "-Fo", "f", "true"]).complaints.count == 1)
        #expect(CommandRun(["flock", "-V"]).output == "flock from berth 0.1.0\n")
        #expect(CommandRun(["flock", "-h"]).output == CommandRun(["help", "flock"]).output)
    }
}

@Suite("Numbers of flock")
struct FlockNumberTests {
    @Test(
        arguments: [
            ("0", 0), ("7", 7), (" \t7", 7), ("+7", 7), ("-7", -7), ("007", 7),
            ("9223372036854775807", .max),
        ] as [(String, Int64)])
    func wholeNumbersAreRead(text: String, number: Int64) throws {
        #expect(try FlockNumber.integer(Array(text.utf8), in: .min ... .max) == number)
    }

    @Test(
        arguments: [
            ("", .malformed), ("x", .malformed), ("7x", .malformed), ("7 ", .malformed),
            ("0x7", .malformed), ("-", .malformed), ("256", .outOfRange), ("-1", .outOfRange),
            ("99999999999999999999", .outOfRange),
        ] as [(String, FlockNumber.Problem)])
    func otherTextsAreNoWholeNumbers(text: String, problem: FlockNumber.Problem) {
        #expect(throws: problem) { try FlockNumber.integer(Array(text.utf8), in: 0...255) }
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1_000_000), ("1.5", 1_500_000), (".007", 7000), ("1.", 1_000_000),
            ("1e3", 1_000_000_000), ("0x10", 16_000_000), (" 2", 2_000_000), ("1e-9", 0), ("-0", 0),
            ("-1", -1_000_000), ("inf", -1), ("nan", -1), ("1e30", -1), ("1e15", .max),
        ] as [(String, Int64)])
    func secondsAreRead(text: String, microseconds: Int64) throws {
        #expect(try FlockNumber.microseconds(Array(text.utf8)) == microseconds)
    }

    @Test(arguments: ["", "x", "1s", "1,5", "1 ", "--1"])
    func otherTextsAreNoSeconds(text: String) {
        #expect(throws: FlockNumber.Problem.malformed) {
            try FlockNumber.microseconds(Array(text.utf8))
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("12", 12), ("0x10", 16), ("010", 8), ("1K", 1024), ("1k", 1024),
            ("1KiB", 1024), ("1kib", 1024), ("1KB", 1000), ("2M", 2 << 20), ("1.5K", 1536),
            ("1.3K", 1365), ("2.25M", 2_359_295), ("1.08K", 1109), ("1.K", 1024), ("0x10K", 16384),
            ("8E", .min), ("15.99999999E", 116_350_740_891_858_411),
        ] as [(String, Int64)])
    func sizesAreRead(text: String, size: Int64) throws {
        #expect(try FlockNumber.size(Array(text.utf8)) == size)
    }

    @Test(
        arguments: [
            ("", .malformed), ("-1", .malformed), ("x", .malformed), ("1.5", .malformed),
            ("08", .malformed), ("1Q", .malformed), ("1KIB", .malformed), ("1e3", .malformed),
            ("16E", .outOfRange), ("1Z", .outOfRange), ("99999999999999999999", .outOfRange),
            ("1.333333333333333333333G", .outOfRange),
        ] as [(String, FlockNumber.Problem)])
    func otherTextsAreNoSizes(text: String, problem: FlockNumber.Problem) {
        #expect(throws: problem) { try FlockNumber.size(Array(text.utf8)) }
    }
}
