//! Finds Kustomize and Helm targets, renders them, and traces objects to their sources.
#![doc = include_str!("../README.md")]

mod boundary;
mod chart;
mod copy;
mod dependency;
mod discover;
mod gitops;
mod graph;
mod kustomization;
mod message;
mod names;
mod obstacle;
mod question;
mod render;
mod run;
mod source;
mod target;
mod template;
mod text;
mod tool;
mod unknown_hook;

pub use boundary::{Boundary, clean as clean_path};
pub use chart::{Chart, Dependency};
pub use dependency::LocalChart;
pub use discover::{Listing, Roots, discover};
pub use kustomization::{Entry, HelmChart, Kustomization, Selection};
pub use names::{Names, RealPaths};
pub use obstacle::{Obstacle, Place};
pub use question::{Question, questions};
pub use render::{Network, Output, Renderer, command};
pub use run::Limits;
pub use source::{Form, ObjectName, Source, Sources, Tracer};
pub use target::{Changes, Deployer, Release, Target, TargetKind};
pub use template::{Template, templates};
pub use tool::{ToolKind, Tools};
pub use unknown_hook::{HELM_HOOKS, UnknownHook, unknown_hooks};
