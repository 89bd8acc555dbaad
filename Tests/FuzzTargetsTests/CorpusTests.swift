import Foundation
import FuzzTargets
import TestSupport
import Testing

/// What the fuzzer began with and what it has found, as ordinary tests.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.allCases) func `Every input of the corpus is refused or read, and what must hold does`(
        target: FuzzTarget
    ) throws {
        let folder = Repository.root.appending(path: "Tests/Fuzzing/Corpus/\(target.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 5, "the corpus is there")
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            #expect(throws: Never.self, "\(target.rawValue)/\(file.lastPathComponent)") { try target.run(bytes) }
        }
    }

    @Test(arguments: FuzzTarget.allCases) func `What the corpus was grown from holds too, and so do mutations of it`(
        target: FuzzTarget
    ) throws {
        let vectors = try Data(contentsOf: Repository.root.appending(path: "Schemas/wire/vectors.json"))
        let seeds = try target.seeds(vectors: vectors)
        #expect(seeds.count >= 4)
        // Each under its own name, so that they are written once: for Deploy/fuzz.
        if let folder = ProcessInfo.processInfo.environment["HOSO_FUZZ_SEEDS"] {
            let folder = URL(fileURLWithPath: folder).appending(path: target.rawValue)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (index, seed) in seeds.enumerated() {
                try Data(seed).write(to: folder.appending(path: "seed-\(index)"))
            }
        }
        var numbers = SeededNumbers(seed: 31)
        for seed in seeds {
            #expect(throws: Never.self) { try target.run(seed) }
            for _ in 0..<20 {
                var bytes = seed
                bytes.mutate(using: &numbers)
                #expect(throws: Never.self, "\(bytes)") { try target.run(bytes) }
            }
        }
    }
}
