# SPDX-License-Identifier: Apache-2.0
# Installs the program, the libraries, the public headers and a package config: find_package(isogloss) gives the target
# isogloss::isogloss. All libraries of the distribution are linked by name, so the config needs no find_dependency.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY ISOGLOSS_LIBRARIES)
add_library(isogloss_all INTERFACE)
set_target_properties(isogloss_all PROPERTIES EXPORT_NAME isogloss)
target_link_libraries(isogloss_all INTERFACE ${libraries})
target_compile_features(isogloss_all INTERFACE cxx_std_23)

install(TARGETS isogloss isogloss-extract RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS isogloss_all ${libraries} EXPORT isogloss_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/isogloss)
install(DIRECTORY include/isogloss DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT isogloss_targets NAMESPACE isogloss:: FILE isogloss-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/isogloss)
file(WRITE ${CMAKE_BINARY_DIR}/isogloss-config.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/isogloss-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/isogloss-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/isogloss-config.cmake ${CMAKE_BINARY_DIR}/isogloss-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/isogloss)
