//! Connects `DepartmentsAdapter`: one tile for each office.

use slint::ComponentHandle;

use super::generated::{AppWindow, DepartmentsAdapter, Tile};
use super::ui::Sender;
use super::{home, rows};
use crate::ipc::{Departments, Intent};

pub struct Rows {
    departments: rows::Rows<Tile>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { departments: rows::Rows::new() };
        let adapter = app.global::<DepartmentsAdapter>();
        adapter.set_departments(rows.departments.model());
        let sender = send.clone();
        adapter.on_open(move |department| {
            sender(Intent::OpenDepartment { department: department.into() });
        });
        rows
    }

    pub fn show(&self, departments: &Departments) {
        self.departments.put(departments.departments.iter().map(home::tile));
    }
}
