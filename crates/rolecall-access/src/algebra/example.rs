use rolecall_rbac::{Request, ResourceRequest, Text};

use super::{AccessTerm, Extent, ResourceKey, ResourceTerm, UrlKey, UrlTerm};

impl AccessTerm {
    /// Returns example requests for the term, one for each combination of its lists: for all
    /// namespaces and whole collections unless it lists others, and with `*`, which only rules with
    /// `*` allow, where it lists nothing.
    pub fn examples(&self) -> impl Iterator<Item = Request> {
        let everything = matches!(self, Self::Everything).then(|| {
            let target = ResourceRequest {
                group: "*".into(),
                resource: "*".into(),
                ..ResourceRequest::default()
            };
            [Request::resource("*", target), Request::path("*", "/*")]
        });
        let (of_resources, of_urls) = match self {
            Self::Everything => (None, None),
            Self::Resources(term) => (Some(term.examples()), None),
            Self::Urls(term) => (None, Some(term.examples())),
        };
        let of_resources = of_resources.into_iter().flatten();
        everything.into_iter().flatten().chain(of_resources).chain(of_urls.into_iter().flatten())
    }
}

impl UrlTerm {
    fn examples(&self) -> impl Iterator<Item = Request> {
        let urls = Some(Text::from("/*")).filter(|_| self.urls.all).into_iter();
        let paths = urls.chain(self.urls.listed.iter().map(|url| match UrlKey::parse(url) {
            Some(UrlKey::Exact(path)) => path,
            Some(UrlKey::Prefix(_)) | None => url.clone(),
        }));
        paths.flat_map(|path| {
            self.verbs.members("*").map(move |verb| Request::path(verb, path.clone()))
        })
    }
}

impl ResourceTerm {
    fn examples(&self) -> impl Iterator<Item = Request> {
        let all = Some(Text::from("*")).filter(|_| self.resources.all).into_iter();
        let resources = all.chain(self.resources.listed.iter().cloned());
        resources.filter_map(|pattern| ResourceKey::parse(&pattern)).flat_map(move |key| {
            let (resource, subresource) = match key {
                ResourceKey::OfAny(subresource) => (Text::from("*"), subresource),
                ResourceKey::Exact { resource, subresource } => (resource, subresource),
            };
            self.groups.members("*").flat_map(move |group| {
                let target = ResourceRequest {
                    group,
                    resource: resource.clone(),
                    subresource: subresource.clone(),
                    ..ResourceRequest::default()
                };
                self.in_every_place(target)
            })
        })
    }

    fn in_every_place(&self, target: ResourceRequest) -> impl Iterator<Item = Request> {
        self.namespaces.members("").flat_map(move |namespace| {
            let target = ResourceRequest { namespace, ..target.clone() };
            self.names.members("").flat_map(move |name| {
                let target = ResourceRequest { name, ..target.clone() };
                self.verbs.members("*").map(move |verb| Request::resource(verb, target.clone()))
            })
        })
    }
}

impl Extent {
    /// Returns the listed members. For everything, returns one representative: `preferred`, or `*`
    /// if that is excluded.
    fn members(&self, preferred: &str) -> impl Iterator<Item = Text> {
        let excepted = self.except.iter().any(|text| **text == *preferred);
        let all = Text::from(if excepted { "*" } else { preferred });
        Some(all).filter(|_| self.all).into_iter().chain(self.listed.iter().cloned())
    }
}
