import Dossiers
import Mustache

/// The templates of the pages, as they lie beside this file.
enum PageTemplates {
    /// All of them, by name.
    static let sources: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache), ("question", PackageResources.question_mustache),
        ("chart", PackageResources.chart_mustache), ("rates", PackageResources.rates_mustache),
        ("adoption", PackageResources.adoption_mustache), ("dossiers", PackageResources.dossiers_mustache),
        ("senders", PackageResources.senders_mustache), ("problem", PackageResources.problem_mustache),
    ]

    /// A template that cannot be read would leave its page empty, which tests would see.
    private static let library: MustacheLibrary = {
        var library = MustacheLibrary()
        for (name, bytes) in sources { try? library.register(String(decoding: bytes, as: UTF8.self), named: name) }
        return library
    }()

    /// A template filled with fields; texts are escaped.
    static func render(_ name: String, _ fields: Fields) -> String {
        library.render(fields, withTemplate: name) ?? ""
    }
}

/// A file that pages ask for; its name changes with its content, so that browsers may keep it for ever.
struct PageAsset: Sendable {
    let name: String
    let type: String
    let bytes: [UInt8]

    /// Where it is found.
    var path: String { "/assets/" + name }

    static let style = PageAsset("page", "css", "text/css; charset=utf-8", PackageResources.page_css)
    static let script = PageAsset("page", "js", "text/javascript; charset=utf-8", PackageResources.page_js)
    static let icon = PageAsset("icon", "svg", "image/svg+xml", PackageResources.icon_svg)
    static let all = [style, script, icon]

    private init(_ stem: String, _ ending: String, _ type: String, _ bytes: [UInt8]) {
        let hash = String(FNV1a.hash(bytes.span), radix: 36)
        name = "\(stem)-\(hash).\(ending)"
        self.type = type
        self.bytes = bytes
    }
}
